BEGIN TRANSACTION;
CREATE TABLE accounts (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	password TEXT, 
	created_at DATETIME NOT NULL, 
	signed_in_at DATETIME, 
	totp_key TEXT, 
	totp_step BIGINT, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT uq_accounts_folded UNIQUE (folded)
);
INSERT INTO "accounts" VALUES(1,'a','a','a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365','a',1);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('1045');
CREATE TABLE app_categories (
	id INTEGER NOT NULL, 
	folded TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_app_categories PRIMARY KEY (id), 
	CONSTRAINT uq_app_categories_folded UNIQUE (folded)
);
INSERT INTO "app_categories" VALUES(1,'a','a','2026-11-30 11:12:46.292365');
CREATE TABLE app_tokens (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	scopes TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_used_at DATETIME, 
	client_id TEXT, 
	CONSTRAINT pk_app_tokens PRIMARY KEY (id), 
	CONSTRAINT uq_app_tokens_hash UNIQUE (hash), 
	CONSTRAINT fk_app_tokens_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "app_tokens" VALUES(1,'a',1,'a','a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365','a');
CREATE TABLE enclosures (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	type TEXT NOT NULL, 
	length BIGINT NOT NULL, 
	CONSTRAINT pk_enclosures PRIMARY KEY (post_id, position), 
	CONSTRAINT fk_enclosures_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "enclosures" VALUES(2,0,'https://files.example/a.mp3','audio/mpeg',1);
CREATE TABLE failed_jobs (
	id INTEGER NOT NULL, 
	job_id BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	run_at DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	last_error TEXT, 
	failed_at DATETIME NOT NULL, 
	is_told BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_failed_jobs PRIMARY KEY (id)
);
INSERT INTO "failed_jobs" VALUES(1,1,'a','a','2026-11-30 11:12:46.292365',1,'a','2026-11-30 11:12:46.292365',0);
CREATE TABLE feed_versions (
	path TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	etag TEXT NOT NULL, 
	last_modified DATETIME NOT NULL, 
	CONSTRAINT pk_feed_versions PRIMARY KEY (path, number)
);
INSERT INTO "feed_versions" VALUES('a',1,'a','2026-11-30 11:12:46.292365');
CREATE TABLE heartbeats (
	name TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_heartbeats PRIMARY KEY (name)
);
INSERT INTO "heartbeats" VALUES('a','2026-11-30 11:12:46.292365');
CREATE TABLE host_rules (
	host TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_host_rules PRIMARY KEY (host)
);
INSERT INTO "host_rules" VALUES('a','a','2026-11-30 11:12:46.292365');
CREATE TABLE imported (
	origin TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	our_id BIGINT, 
	media TEXT, 
	hash TEXT NOT NULL, 
	imported_at DATETIME NOT NULL, 
	lacking TEXT, 
	CONSTRAINT pk_imported PRIMARY KEY (origin, kind, "key")
);
INSERT INTO "imported" VALUES('a','a','a',1,'a','a','2026-11-30 11:12:46.292365','a');
CREATE TABLE indieauth_codes (
	hash TEXT NOT NULL, 
	account TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	redirect_uri TEXT NOT NULL, 
	challenge TEXT, 
	scopes TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	used_at DATETIME, 
	used_again BOOLEAN NOT NULL, 
	app_id BIGINT, 
	CONSTRAINT pk_indieauth_codes PRIMARY KEY (hash)
);
INSERT INTO "indieauth_codes" VALUES('a','a','a','a','a','a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365',0,1);
CREATE TABLE jobs (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	run_at DATETIME NOT NULL, 
	leased_until DATETIME, 
	lease_token TEXT, 
	concurrency_key TEXT, 
	attempts INTEGER NOT NULL, 
	last_error TEXT, 
	created_at DATETIME NOT NULL, 
	priority INTEGER DEFAULT '0' NOT NULL, planned_at DATETIME, 
	CONSTRAINT pk_jobs PRIMARY KEY (id), 
	CONSTRAINT uq_jobs_kind_subject UNIQUE (kind, subject)
);
INSERT INTO "jobs" VALUES(1,'tell','2','2026-03-08 12:00:05.000000',NULL,NULL,NULL,0,NULL,'2026-03-08 12:00:00.000000',0,'2026-03-08 12:00:00.000000');
CREATE TABLE joined_pings (
	id INTEGER NOT NULL, 
	thought_id INTEGER NOT NULL, 
	receipt_token TEXT, 
	source TEXT NOT NULL, 
	CONSTRAINT pk_joined_pings PRIMARY KEY (id), 
	CONSTRAINT fk_joined_pings_thought_id FOREIGN KEY(thought_id) REFERENCES thoughts (id) ON DELETE CASCADE, 
	CONSTRAINT uq_joined_pings_receipt_token UNIQUE (receipt_token)
);
INSERT INTO "joined_pings" VALUES(1,1,'a','a');
CREATE TABLE known_networks (
	account_id INTEGER NOT NULL, 
	network TEXT NOT NULL, 
	signed_in_at DATETIME NOT NULL, 
	CONSTRAINT pk_known_networks PRIMARY KEY (account_id, network), 
	CONSTRAINT fk_known_networks_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "known_networks" VALUES(1,'a','2026-11-30 11:12:46.292365');
CREATE TABLE linked_sites (
	post_id INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	CONSTRAINT pk_linked_sites PRIMARY KEY (post_id, site), 
	CONSTRAINT fk_linked_sites_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "linked_sites" VALUES(2,'fog.example');
CREATE TABLE listed (
	list TEXT NOT NULL, 
	post_id INTEGER NOT NULL, 
	published_at DATETIME, 
	position INTEGER, 
	CONSTRAINT pk_listed PRIMARY KEY (list, post_id), 
	CONSTRAINT fk_listed_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT uq_listed_list_position UNIQUE (list, position)
);
INSERT INTO "listed" VALUES('site',1,'2026-03-08 12:00:00.000000',1);
INSERT INTO "listed" VALUES('tag/sea',1,'2026-03-08 12:00:00.000000',1);
INSERT INTO "listed" VALUES('author/the author',1,'2026-03-08 12:00:00.000000',1);
INSERT INTO "listed" VALUES('site',2,'2026-03-08 12:00:00.000000',2);
INSERT INTO "listed" VALUES('tag/sea',2,'2026-03-08 12:00:00.000000',2);
INSERT INTO "listed" VALUES('author/ann',2,'2026-03-08 12:00:00.000000',1);
CREATE TABLE media (
	hash TEXT NOT NULL, 
	name TEXT NOT NULL, 
	type TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	width INTEGER, 
	height INTEGER, 
	given TEXT NOT NULL, 
	alt TEXT NOT NULL, 
	added_at DATETIME NOT NULL, 
	CONSTRAINT pk_media PRIMARY KEY (hash)
);
INSERT INTO "media" VALUES('a','a','a',1,1,1,'a','a','2026-11-30 11:12:46.292365');
CREATE TABLE media_copies (
	media TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	name TEXT NOT NULL, 
	type TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	CONSTRAINT pk_media_copies PRIMARY KEY (media, hash), 
	CONSTRAINT fk_media_copies_media FOREIGN KEY(media) REFERENCES media (hash)
);
INSERT INTO "media_copies" VALUES('a','a','a','a',1,1,1);
CREATE TABLE moderation_actions (
	id INTEGER NOT NULL, 
	action TEXT NOT NULL, 
	host TEXT, 
	at DATETIME NOT NULL, account TEXT, rules TEXT, 
	CONSTRAINT pk_moderation_actions PRIMARY KEY (id)
);
INSERT INTO "moderation_actions" VALUES(1,'approve',NULL,'2026-03-08 12:00:00.000000',NULL,NULL);
CREATE TABLE moderation_undo (
	action_id INTEGER NOT NULL, 
	thought_id INTEGER NOT NULL, 
	"before" TEXT NOT NULL, entries TEXT, 
	CONSTRAINT pk_moderation_undo PRIMARY KEY (action_id, thought_id), 
	CONSTRAINT fk_moderation_undo_action_id FOREIGN KEY(action_id) REFERENCES moderation_actions (id), 
	CONSTRAINT fk_moderation_undo_thought_id FOREIGN KEY(thought_id) REFERENCES thoughts (id)
);
INSERT INTO "moderation_undo" VALUES(1,2,'{"state": "shown", "reason": "for a test", "content": {"author_name": "The Far Shore", "author_url": "https://other.example/", "title": "On that", "excerpt": "[…] words around the link […]", "fingerprint": null}, "restore": null, "strikes": 0, "first_strike_at": null, "pending_content": null, "approved": false, "checked_at": "2026-03-08T12:00:00+00:00"}',NULL);
CREATE TABLE notice_channels (
	name TEXT NOT NULL, 
	address TEXT NOT NULL, 
	ended_at DATETIME, 
	sent_at DATETIME, 
	message_id TEXT, 
	CONSTRAINT pk_notice_channels PRIMARY KEY (name)
);
INSERT INTO "notice_channels" VALUES('a','a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365','a');
CREATE TABLE notice_links (
	token TEXT NOT NULL, 
	thought_id INTEGER, 
	address TEXT, 
	message_id TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	used_for TEXT, 
	CONSTRAINT pk_notice_links PRIMARY KEY (token), 
	CONSTRAINT fk_notice_links_thought_id FOREIGN KEY(thought_id) REFERENCES thoughts (id) ON DELETE CASCADE
);
INSERT INTO "notice_links" VALUES('a',1,'a','a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365','a');
CREATE TABLE notices (
	id INTEGER NOT NULL, 
	event_id TEXT NOT NULL, 
	event TEXT NOT NULL, 
	thought_id INTEGER, 
	job TEXT, 
	created_at DATETIME NOT NULL, 
	mail TEXT, 
	webhook BOOLEAN NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY (id), 
	CONSTRAINT fk_notices_thought_id FOREIGN KEY(thought_id) REFERENCES thoughts (id) ON DELETE CASCADE, 
	CONSTRAINT uq_notices_event_thought_id UNIQUE (event, thought_id)
);
INSERT INTO "notices" VALUES(1,'a','a',1,'a','2026-11-30 11:12:46.292365','a',0);
CREATE TABLE outgoing_pings (
	id INTEGER NOT NULL, 
	post_id INTEGER NOT NULL, 
	page TEXT NOT NULL, 
	target TEXT NOT NULL, 
	source TEXT, 
	protocol TEXT, 
	endpoint TEXT, 
	state TEXT NOT NULL, 
	detail TEXT, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	told_at DATETIME, 
	receipt TEXT, 
	created_at DATETIME NOT NULL, 
	since DATETIME NOT NULL, 
	asks INTEGER DEFAULT '0' NOT NULL, 
	told_version TEXT, 
	due_version TEXT, 
	CONSTRAINT pk_outgoing_pings PRIMARY KEY (id), 
	CONSTRAINT fk_outgoing_pings_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT uq_outgoing_pings_post_id_page UNIQUE (post_id, page)
);
INSERT INTO "outgoing_pings" VALUES(1,2,'https://fog.example/','https://fog.example/',NULL,NULL,NULL,'waiting',NULL,0,NULL,NULL,'2026-03-08 12:00:00.000000','2026-03-08 12:00:00.000000',0,NULL,NULL);
CREATE TABLE "post_authors" (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	CONSTRAINT pk_post_authors PRIMARY KEY (post_id, position), 
	CONSTRAINT fk_post_authors_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "post_authors" VALUES(2,0,'Ann','ann');
CREATE TABLE post_media (
	post_id INTEGER NOT NULL, 
	reference TEXT NOT NULL, 
	media TEXT NOT NULL, 
	CONSTRAINT pk_post_media PRIMARY KEY (post_id, reference), 
	CONSTRAINT fk_post_media_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT fk_post_media_media FOREIGN KEY(media) REFERENCES media (hash)
);
INSERT INTO "post_media" VALUES(1,'a','a');
CREATE TABLE "post_tags" (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	CONSTRAINT pk_post_tags PRIMARY KEY (post_id, position), 
	CONSTRAINT fk_post_tags_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "post_tags" VALUES(1,0,'sea','sea');
INSERT INTO "post_tags" VALUES(2,0,'sea','sea');
CREATE TABLE post_terms (
	post_id INTEGER NOT NULL, 
	term TEXT NOT NULL, 
	CONSTRAINT pk_post_terms PRIMARY KEY (post_id, term), 
	CONSTRAINT fk_post_terms_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "post_terms" VALUES(1,'#sea');
INSERT INTO "post_terms" VALUES(1,'herring');
INSERT INTO "post_terms" VALUES(1,'tide');
INSERT INTO "post_terms" VALUES(2,'#sea');
INSERT INTO "post_terms" VALUES(2,'herring');
CREATE TABLE "posts" (
	id INTEGER NOT NULL, 
	guid TEXT NOT NULL, 
	slug TEXT NOT NULL, 
	title TEXT NOT NULL, 
	source TEXT NOT NULL, 
	html TEXT NOT NULL, 
	feed_html TEXT NOT NULL, 
	excerpt TEXT NOT NULL, 
	summary TEXT, 
	image TEXT, 
	lang TEXT NOT NULL, 
	state TEXT NOT NULL, 
	published_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	pings_open BOOLEAN NOT NULL, 
	comments_open BOOLEAN NOT NULL, rendering INTEGER DEFAULT '0' NOT NULL, deleted_from TEXT, reply_to TEXT, like_of TEXT, repost_of TEXT, bookmark_of TEXT, tells BOOLEAN DEFAULT 1 NOT NULL, page BOOLEAN DEFAULT 0 NOT NULL, menu TEXT, atom_id TEXT, revision INTEGER DEFAULT '1' NOT NULL, deleted_at DATETIME, 
	CONSTRAINT pk_posts PRIMARY KEY (id), 
	CONSTRAINT uq_posts_slug UNIQUE (slug), 
	CONSTRAINT uq_posts_guid UNIQUE (guid)
);
INSERT INTO "posts" VALUES(1,'urn:uuid:e55e6e27-a82a-4134-b691-ae33e679fe2a','tide','Tide','---
title: Tide
tags: [sea]
---
Herring and fog.
','<p>Herring and fog.</p>
','<p>Herring and fog.</p>','Herring and fog.',NULL,NULL,'en','published','2026-03-08 12:00:00.000000','2026-03-08 12:00:00.000000','2026-03-08 12:00:00.000000',1,1,4,NULL,NULL,NULL,NULL,NULL,1,0,NULL,NULL,1,NULL);
INSERT INTO "posts" VALUES(2,'urn:uuid:f2f548d7-c5ca-482a-9f11-4733af4022df','fog','Fog','---
title: Fog
tags: [sea]
authors: [Ann]
enclosures: [{url: ''https://files.example/a.mp3'', type: audio/mpeg, length: 1}]
---
Herring and [fog](https://fog.example/).
','<p>Herring and <a href="https://fog.example/">fog</a>.</p>
','<p>Herring and <a href="https://fog.example/">fog</a>.</p>','Herring and fog.',NULL,NULL,'en','published','2026-03-08 12:00:00.000000','2026-03-08 12:00:00.000000','2026-03-08 12:00:00.000000',1,1,4,NULL,NULL,NULL,NULL,NULL,1,0,NULL,NULL,1,NULL);
CREATE TABLE previews (
	hash TEXT NOT NULL, 
	post_id INTEGER NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_previews PRIMARY KEY (hash), 
	CONSTRAINT fk_previews_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "previews" VALUES('a',1,'2026-11-30 11:12:46.292365');
CREATE TABLE rate_limits (
	bucket TEXT NOT NULL, 
	events TEXT NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_rate_limits PRIMARY KEY (bucket)
);
INSERT INTO "rate_limits" VALUES('a','a','2026-11-30 11:12:46.292365');
CREATE TABLE read_ahead (
	source TEXT NOT NULL, 
	fetched_at DATETIME NOT NULL, 
	findings TEXT NOT NULL, 
	CONSTRAINT pk_read_ahead PRIMARY KEY (source)
);
INSERT INTO "read_ahead" VALUES('a','2026-11-30 11:12:46.292365','a');
CREATE TABLE reader_counts (
	day DATE NOT NULL, 
	reader TEXT NOT NULL, 
	readers BIGINT NOT NULL, 
	CONSTRAINT pk_reader_counts PRIMARY KEY (day, reader)
);
INSERT INTO "reader_counts" VALUES('2026-11-30','a',1);
CREATE TABLE reader_days (
	day DATE NOT NULL, 
	reader TEXT NOT NULL, 
	feed TEXT NOT NULL, 
	requests BIGINT NOT NULL, 
	not_modified BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	subscribers BIGINT, 
	CONSTRAINT pk_reader_days PRIMARY KEY (day, reader, feed)
);
INSERT INTO "reader_days" VALUES('2026-11-30','a','a',1,1,1,1);
CREATE TABLE reader_hashes (
	day DATE NOT NULL, 
	hash TEXT NOT NULL, 
	reader TEXT NOT NULL, network TEXT, 
	CONSTRAINT pk_reader_hashes PRIMARY KEY (day, hash)
);
INSERT INTO "reader_hashes" VALUES('2026-11-30','a','a','a');
CREATE TABLE reader_keys (
	day DATE NOT NULL, 
	"key" TEXT NOT NULL, 
	CONSTRAINT pk_reader_keys PRIMARY KEY (day)
);
INSERT INTO "reader_keys" VALUES('2026-11-30','a');
CREATE TABLE recovery_codes (
	account_id INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_recovery_codes PRIMARY KEY (account_id, hash), 
	CONSTRAINT fk_recovery_codes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "recovery_codes" VALUES(1,'a');
CREATE TABLE redirects (
	id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	old TEXT NOT NULL, 
	new TEXT NOT NULL, 
	new_key TEXT, 
	post_id INTEGER, 
	parameters TEXT, 
	CONSTRAINT pk_redirects PRIMARY KEY (id), 
	CONSTRAINT fk_redirects_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT uq_redirects_key UNIQUE ("key")
);
INSERT INTO "redirects" VALUES(1,'a','a','a','a',1,'a');
CREATE TABLE related (
	post_id INTEGER NOT NULL, 
	other_id INTEGER NOT NULL, 
	score FLOAT NOT NULL, 
	CONSTRAINT pk_related PRIMARY KEY (post_id, other_id), 
	CONSTRAINT fk_related_other_id FOREIGN KEY(other_id) REFERENCES posts (id), 
	CONSTRAINT fk_related_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "related" VALUES(2,1,2.7725887222397811449e+00);
INSERT INTO "related" VALUES(1,2,2.7725887222397811449e+00);
CREATE TABLE removed_pairs (
	pair TEXT NOT NULL, 
	removed_at DATETIME NOT NULL, thought_id BIGINT, 
	CONSTRAINT pk_removed_pairs PRIMARY KEY (pair)
)
 WITHOUT ROWID

;
INSERT INTO "removed_pairs" VALUES('a','2026-11-30 11:12:46.292365',1);
CREATE TABLE revisions (
	post_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	"by" TEXT, 
	via TEXT NOT NULL, 
	title TEXT NOT NULL, 
	source TEXT NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (post_id, number), 
	CONSTRAINT fk_revisions_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "revisions" VALUES(1,1,'2026-03-08 12:00:00.000000',NULL,'cli','Tide','---
title: Tide
tags: [sea]
---
Herring and fog.
');
INSERT INTO "revisions" VALUES(2,1,'2026-03-08 12:00:00.000000',NULL,'cli','Fog','---
title: Fog
tags: [sea]
authors: [Ann]
enclosures: [{url: ''https://files.example/a.mp3'', type: audio/mpeg, length: 1}]
---
Herring and [fog](https://fog.example/).
');
CREATE TABLE search_texts (
	post_id INTEGER NOT NULL, 
	cutting INTEGER NOT NULL, 
	updated_at DATETIME NOT NULL, 
	entries TEXT, 
	words TEXT NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_search_texts PRIMARY KEY (post_id), 
	CONSTRAINT fk_search_texts_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "search_texts" VALUES(1,4002,'2026-03-08 12:00:00.000000','her· herring and· and fog· fog 󰔛 and·fog tid· tide sea· sea','herring and fog
tide

sea','Herring and fog.');
INSERT INTO "search_texts" VALUES(2,4002,'2026-03-08 12:00:00.000000','her· herring and· and fog· fog 󰔛 and·fog sea· sea ann· ann','herring and fog
fog

sea
ann','Herring and fog.');
CREATE TABLE sessions (
	id INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	used_at DATETIME NOT NULL, 
	address TEXT NOT NULL, 
	device TEXT NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT uq_sessions_hash UNIQUE (hash), 
	CONSTRAINT fk_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "sessions" VALUES(1,'a',1,'2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365','a','a');
CREATE TABLE sign_in_links (
	hash TEXT NOT NULL, 
	account_id INTEGER, 
	created_at DATETIME NOT NULL, 
	asks_code BOOLEAN NOT NULL, 
	CONSTRAINT pk_sign_in_links PRIMARY KEY (hash), 
	CONSTRAINT uq_sign_in_links_account_id UNIQUE (account_id), 
	CONSTRAINT fk_sign_in_links_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "sign_in_links" VALUES('a',1,'2026-11-30 11:12:46.292365',0);
CREATE TABLE site (
	id INTEGER NOT NULL, 
	guid TEXT NOT NULL, 
	revision BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	author TEXT, 
	archive_size INTEGER, 
	secret TEXT, url TEXT, restored_at DATETIME, moderation_salt TEXT, backed_up_at DATETIME, kept_key TEXT, language TEXT, 
	CONSTRAINT pk_site PRIMARY KEY (id)
);
INSERT INTO "site" VALUES(1,'urn:uuid:7d0b2445-da8f-4abb-9ced-eef9ddfb366b',2714898941,'2026-03-08 12:00:00.000000','The author',20,'g09KfLPCbaiRfI28qPNHwFx-Mo5D9iPzbPQwJYbvw1k',NULL,NULL,NULL,NULL,'Mobh7jE5nzf0eRNDqhQ3aPz3PErrqMy2aGSsBrMdHIg','en');
CREATE TABLE slugs (
	slug TEXT NOT NULL, 
	post_id INTEGER NOT NULL, 
	CONSTRAINT pk_slugs PRIMARY KEY (slug), 
	CONSTRAINT fk_slugs_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "slugs" VALUES('tide',1);
INSERT INTO "slugs" VALUES('fog',2);
CREATE TABLE sources (
	source TEXT NOT NULL, 
	fetched_at DATETIME NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	findings TEXT NOT NULL, 
	read_at DATETIME, 
	expires_at DATETIME, 
	CONSTRAINT pk_sources PRIMARY KEY (source)
);
INSERT INTO "sources" VALUES('a','2026-11-30 11:12:46.292365','a','a','a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365');
CREATE TABLE submissions (
	hash TEXT NOT NULL, 
	post_id INTEGER NOT NULL, revision INTEGER DEFAULT '1' NOT NULL, 
	CONSTRAINT pk_submissions PRIMARY KEY (hash), 
	CONSTRAINT fk_submissions_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "submissions" VALUES('a',1,1);
CREATE TABLE terms (
	term TEXT NOT NULL, 
	posts INTEGER NOT NULL, 
	CONSTRAINT pk_terms PRIMARY KEY (term)
);
INSERT INTO "terms" VALUES('#sea',2);
INSERT INTO "terms" VALUES('herring',2);
INSERT INTO "terms" VALUES('tide',1);
CREATE TABLE thought_events (
	id INTEGER NOT NULL, 
	thought_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	event TEXT NOT NULL, 
	detail TEXT NOT NULL, times INTEGER DEFAULT '1' NOT NULL, 
	CONSTRAINT pk_thought_events PRIMARY KEY (id), 
	CONSTRAINT fk_thought_events_thought_id FOREIGN KEY(thought_id) REFERENCES thoughts (id)
);
INSERT INTO "thought_events" VALUES(1,2,'2026-03-08 12:00:00.000000','decided','shown: approved',1);
CREATE TABLE thoughts (
	id INTEGER NOT NULL, 
	guid TEXT NOT NULL, 
	receipt_token TEXT, 
	post_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT, 
	source TEXT, 
	source_key TEXT, 
	target TEXT, 
	host TEXT, 
	author_name TEXT NOT NULL, 
	author_url TEXT NOT NULL, 
	email TEXT, 
	title TEXT NOT NULL, 
	excerpt TEXT NOT NULL, 
	approved BOOLEAN NOT NULL, 
	restore TEXT, 
	pending_content TEXT, 
	strikes INTEGER NOT NULL, 
	first_strike_at DATETIME, 
	sender TEXT, 
	submission TEXT, 
	received_at DATETIME NOT NULL, 
	checked_at DATETIME, 
	decided_at DATETIME, 
	next_check_at DATETIME, 
	fingerprint TEXT, 
	pending_since DATETIME, 
	source_site TEXT, updated_at DATETIME, commenter TEXT, size INTEGER DEFAULT '0' NOT NULL, sender_network TEXT, word_bytes INTEGER DEFAULT '0' NOT NULL, page_key TEXT, page_path TEXT, position INTEGER, response TEXT, published_at DATETIME, pending_entry TEXT, person TEXT, parent_id BIGINT, first_shown_at DATETIME, untold_held_at DATETIME, untold_shown_at DATETIME, 
	CONSTRAINT pk_thoughts PRIMARY KEY (id), 
	CONSTRAINT fk_thoughts_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT uq_thoughts_guid UNIQUE (guid), 
	CONSTRAINT uq_thoughts_post_id_source_key UNIQUE (post_id, source_key), 
	CONSTRAINT uq_thoughts_receipt_token UNIQUE (receipt_token), 
	CONSTRAINT uq_thoughts_submission UNIQUE (submission)
);
INSERT INTO "thoughts" VALUES(1,'urn:uuid:acd11875-2e17-449c-975c-94dcfdd916f3',NULL,2,'comment','held','for a test',NULL,NULL,NULL,NULL,'Bob','https://bob.example/',NULL,'','Well said.',0,NULL,NULL,0,NULL,NULL,'test-0','2026-03-08 12:00:00.000000',NULL,'2026-03-08 12:00:00.000000',NULL,NULL,NULL,NULL,NULL,NULL,1533,NULL,33,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-03-08 12:00:00.000000',NULL);
INSERT INTO "thoughts" VALUES(2,'urn:uuid:8a97e271-acdf-4dc2-a81a-4f1fc0cc17f5','dgiJPsIwdnGCtn2i3p8Bhy5ayf-YOype',1,'pingback','shown','approved','https://other.example/','https://other.example/','http://127.0.0.1:8000/posts/tide','other.example','The Far Shore','https://other.example/',NULL,'On that','[…] words around the link […]',1,NULL,NULL,0,NULL,'192.0.2.0/24',NULL,'2026-03-08 12:00:00.000000','2026-03-08 12:00:00.000000','2026-03-08 12:00:00.000000',NULL,NULL,NULL,'other.example',NULL,NULL,1902,NULL,75,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,'2026-03-08 12:00:00.000000',NULL,'2026-03-08 12:00:00.000000');
CREATE TABLE told_posts (
	post_id INTEGER NOT NULL, 
	links_before TEXT, 
	CONSTRAINT pk_told_posts PRIMARY KEY (post_id), 
	CONSTRAINT fk_told_posts_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);
INSERT INTO "told_posts" VALUES(1,NULL);
INSERT INTO "told_posts" VALUES(2,NULL);
CREATE TABLE websub_subscriptions (
	id INTEGER NOT NULL, 
	topic TEXT NOT NULL, 
	topic_url TEXT NOT NULL, 
	callback TEXT NOT NULL, 
	callback_hash TEXT NOT NULL, 
	callback_site TEXT NOT NULL, 
	places INTEGER DEFAULT '1' NOT NULL, 
	state TEXT NOT NULL, 
	secret TEXT, 
	lease_until DATETIME, 
	pushed_etag TEXT, 
	pushed_at DATETIME, 
	failures INTEGER NOT NULL, 
	detail TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	asked_mode TEXT, 
	asked_lease INTEGER, 
	asked_secret TEXT, 
	asked_token TEXT, waiting_etag TEXT, failing_since DATETIME, next_push_at DATETIME, push_seconds FLOAT, 
	CONSTRAINT pk_websub_subscriptions PRIMARY KEY (id), 
	CONSTRAINT uq_websub_subscriptions_topic_callback_hash UNIQUE (topic, callback_hash)
);
INSERT INTO "websub_subscriptions" VALUES(1,'a','a','a','a','a',1,'a','a','2026-11-30 11:12:46.292365','a','2026-11-30 11:12:46.292365',1,'a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365','a',1,'a','a','a','2026-11-30 11:12:46.292365','2026-11-30 11:12:46.292365',0.5);
CREATE TABLE websub_topics (
	topic TEXT NOT NULL, 
	revision BIGINT, 
	etag TEXT, quiet_revision BIGINT, 
	CONSTRAINT pk_websub_topics PRIMARY KEY (topic)
);
INSERT INTO "websub_topics" VALUES('a',1,'a',1);
CREATE INDEX ix_jobs_concurrency_key_leased_until ON jobs (concurrency_key, leased_until);
CREATE INDEX ix_jobs_concurrency_key_priority_run_at ON jobs (concurrency_key, priority, run_at);
CREATE INDEX ix_jobs_kind_priority_run_at_id ON jobs (kind, priority, run_at, id);
CREATE INDEX ix_jobs_leased_until_concurrency_key ON jobs (leased_until, concurrency_key);
CREATE INDEX ix_linked_sites_site ON linked_sites (site);
CREATE INDEX ix_listed_list_published_at_post_id ON listed (list, published_at, post_id);
CREATE INDEX ix_listed_post_id ON listed (post_id);
CREATE INDEX ix_post_terms_term_post_id ON post_terms (term, post_id);
CREATE INDEX ix_related_other_id ON related (other_id);
CREATE INDEX ix_related_post_id_score ON related (post_id, score);
CREATE INDEX ix_slugs_post_id ON slugs (post_id);
CREATE INDEX ix_thoughts_host_state ON thoughts (host, state);
CREATE INDEX ix_thoughts_pending_since ON thoughts (pending_since) WHERE pending_since IS NOT NULL;
CREATE INDEX ix_thoughts_post_id_state_received_at ON thoughts (post_id, state, received_at);
CREATE INDEX ix_thoughts_source_key ON thoughts (source_key);
CREATE INDEX ix_thoughts_source_site_approved_state ON thoughts (source_site, approved, state);
CREATE INDEX ix_thoughts_state_received_at_id_post_id ON thoughts (state, received_at, id, post_id);
CREATE INDEX ix_moderation_undo_thought_id ON moderation_undo (thought_id);
CREATE INDEX ix_thought_events_thought_id ON thought_events (thought_id);
CREATE INDEX ix_posts_state_published_at_id ON posts (state, published_at, id);
CREATE INDEX ix_thoughts_fingerprint_source_site_received_at_post_id ON thoughts (fingerprint, source_site, received_at, post_id) WHERE fingerprint IS NOT NULL;
CREATE INDEX ix_sources_expires_at ON sources (expires_at);
CREATE INDEX ix_read_ahead_fetched_at ON read_ahead (fetched_at);
CREATE INDEX ix_thoughts_commenter_approved_state ON thoughts (commenter, approved, state) WHERE commenter IS NOT NULL;
CREATE INDEX ix_post_tags_folded ON post_tags (folded);
CREATE INDEX ix_post_authors_folded ON post_authors (folded);
CREATE INDEX ix_posts_rendering ON posts (rendering);
CREATE INDEX ix_thoughts_state_size ON thoughts (state, size);
CREATE INDEX ix_thoughts_state_sender_network_source_site_word_bytes ON thoughts (state, sender_network, source_site, word_bytes) WHERE state = 'held';
CREATE INDEX ix_reader_hashes_day_network ON reader_hashes (day, network);
CREATE INDEX ix_thoughts_post_id_page_path ON thoughts (post_id, page_path);
CREATE INDEX ix_joined_pings_thought_id ON joined_pings (thought_id);
CREATE INDEX ix_joined_pings_source ON joined_pings (source);
CREATE INDEX ix_rate_limits_expires_at ON rate_limits (expires_at);
CREATE INDEX ix_thoughts_state_sender_network_source_site_size ON thoughts (state, sender_network, source_site, size) WHERE state = 'received';
CREATE INDEX ix_thoughts_post_id_position_state ON thoughts (post_id, position, state) WHERE position IS NOT NULL;
CREATE TRIGGER thoughts_position_inserted AFTER INSERT ON thoughts WHEN (NEW.state = 'shown' AND NEW.position IS NULL)
BEGIN UPDATE thoughts SET position = (SELECT coalesce(max(position), 0) + 1 FROM thoughts WHERE post_id = NEW.post_id AND position > 0) WHERE id = NEW.id; END;
CREATE TRIGGER thoughts_position_updated AFTER UPDATE OF state ON thoughts WHEN (NEW.state = 'shown' AND NEW.position IS NULL)
BEGIN UPDATE thoughts SET position = (SELECT coalesce(max(position), 0) + 1 FROM thoughts WHERE post_id = NEW.post_id AND position > 0) WHERE id = NEW.id; END;
CREATE INDEX ix_websub_subscriptions_callback_site_state_places ON websub_subscriptions (callback_site, state, places);
CREATE INDEX ix_websub_subscriptions_state_lease_until ON websub_subscriptions (state, lease_until);
CREATE INDEX ix_websub_subscriptions_state_ended_at_places ON websub_subscriptions (state, ended_at, places);
CREATE INDEX ix_websub_subscriptions_callback_hash ON websub_subscriptions (callback_hash) WHERE asked_mode IS NOT NULL;
CREATE INDEX ix_thoughts_post_id_position_received_at_person_state ON thoughts (post_id, position, received_at, person, state) WHERE state = 'shown' AND position > 0 AND person IS NULL;
CREATE INDEX ix_thoughts_post_id_response_person_state ON thoughts (post_id, response, person, state) WHERE state = 'shown' AND person IS NOT NULL;
CREATE INDEX ix_thoughts_post_id_response_id ON thoughts (post_id, response, id) WHERE state = 'shown' AND person IS NOT NULL;
CREATE INDEX ix_websub_subscriptions_next_push_at ON websub_subscriptions (next_push_at) WHERE next_push_at IS NOT NULL;
CREATE INDEX ix_posts_page ON posts (page);
CREATE INDEX ix_redirects_new_key ON redirects (new_key);
CREATE INDEX ix_redirects_post_id ON redirects (post_id);
CREATE INDEX ix_redirects_parameters ON redirects (parameters) WHERE parameters IS NOT NULL;
CREATE INDEX ix_media_name ON media (name);
CREATE INDEX ix_media_given ON media (given);
CREATE INDEX ix_media_copies_hash ON media_copies (hash);
CREATE INDEX ix_post_media_media ON post_media (media);
CREATE INDEX ix_thoughts_parent_id ON thoughts (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX ix_imported_kind_our_id ON imported (kind, our_id);
CREATE INDEX ix_imported_kind_hash ON imported (kind, hash);
CREATE INDEX ix_sessions_account_id ON sessions (account_id);
CREATE INDEX ix_app_tokens_name ON app_tokens (name);
CREATE INDEX ix_app_tokens_account_id ON app_tokens (account_id);
CREATE INDEX ix_submissions_post_id ON submissions (post_id);
CREATE INDEX ix_previews_post_id ON previews (post_id);
CREATE INDEX ix_thoughts_untold_held_at_untold_shown_at ON thoughts (untold_held_at, untold_shown_at) WHERE untold_held_at IS NOT NULL OR untold_shown_at IS NOT NULL;
CREATE INDEX ix_failed_jobs_failed_at ON failed_jobs (failed_at);
CREATE INDEX ix_failed_jobs_is_told ON failed_jobs (is_told);
CREATE INDEX ix_notices_thought_id ON notices (thought_id);
CREATE INDEX ix_notices_mail_created_at ON notices (mail, created_at);
CREATE INDEX ix_notices_webhook_id ON notices (webhook, id);
CREATE INDEX ix_notice_links_thought_id ON notice_links (thought_id);
CREATE INDEX ix_notice_links_message_id ON notice_links (message_id);
CREATE INDEX ix_notice_links_expires_at ON notice_links (expires_at);
CREATE INDEX ix_search_texts_post_id ON search_texts (post_id) WHERE entries IS NULL;
CREATE INDEX ix_search_texts_cutting_updated_at_post_id ON search_texts (cutting, updated_at, post_id);
CREATE INDEX ix_posts_state_updated_at_id ON posts (state, updated_at, id);
COMMIT;
