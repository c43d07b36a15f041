"""Thoughts on a post that was deleted and is restored."""

from dataclasses import replace

from feedserver.jobs import store as jobs
from feedserver.posts.model import Post
from feedserver.thoughts.verification.recheck import VERIFY
from tests.thoughts.site import SOURCE, Site


def test_thoughts_of_a_restored_post_stand_as_they_did_and_are_looked_at_again(site: Site, post: Post) -> None:
    target = site.url(post)
    site.mention(target)
    (before,) = site.thoughts()
    page = site.page(post)
    site.services.publisher.delete(post.slug)
    site.run_next_job()
    assert site.jobs() == []
    assert site.client.get(f"/posts/{post.slug}").status_code == 410

    site.services.publisher.restore(post.slug)

    (after,) = site.thoughts()
    assert after == replace(before, next_check_at=after.next_check_at)
    assert site.client.get(f"/posts/{post.slug}").status_code == 200
    assert site.page(post).count("thought-1") == page.count("thought-1")
    with site.services.database.write() as connection:
        assert jobs.find(connection, VERIFY, SOURCE) is not None
