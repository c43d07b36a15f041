// Reads a feed with a library from npm, and prints its entries as JSON: id, title, names, tags, dates, files.
// Arguments: the folder of the libraries, the name of one, the document.
const fs = require("node:fs");
const path = require("node:path");
const [folder, library, file] = process.argv.slice(2);
const load = require("node:module").createRequire(path.resolve(folder) + "/");
const text = fs.readFileSync(file, "utf8");

const utc = (date) => date && new Date(date).toISOString();
const linked = (links) => links.filter((link) => link.rel === "enclosure");

const feedsmith = {
  rss: (item) => ({
    id: item.guid.value,
    title: item.title,
    names: item.dc?.creators ?? [],
    tags: (item.categories ?? []).map((category) => category.name),
    published: utc(item.pubDate),
    files: [
      ...(item.enclosures ?? []).map((one) => [one.url, one.type, one.length]),
      ...(item.media?.contents ?? []).map((one) => [one.url, one.type, one.fileSize]),
    ],
  }),
  atom: (entry) => ({
    id: entry.id,
    title: entry.title.value,
    names: entry.authors.map((author) => author.name),
    tags: (entry.categories ?? []).map((category) => category.term),
    published: utc(entry.published),
    updated: utc(entry.updated),
    files: linked(entry.links).map((one) => [one.href, one.type, one.length]),
  }),
  json: (item) => ({
    id: item.id,
    title: item.title ?? "",
    names: item.authors.map((author) => author.name),
    tags: item.tags ?? [],
    published: utc(item.date_published),
    updated: utc(item.date_modified),
    files: (item.attachments ?? []).map((one) => [one.url, one.mime_type, one.size_in_bytes]),
  }),
};

const rssParser = (item) => ({
  id: item.guid ?? item.id,
  title: item.title,
  tags: (item.categories ?? []).map((category) => category._ ?? category.$?.term ?? category),
  published: item.isoDate,
});

async function entries() {
  if (library === "feedsmith") {
    const { format, feed } = load("feedsmith").parseFeed(text);
    return (feed.items ?? feed.entries).map(feedsmith[format]);
  }
  const Parser = load("rss-parser");
  return (await new Parser().parseString(text)).items.map(rssParser);
}

entries().then((found) => process.stdout.write(JSON.stringify(found)));
