// Speaks to a site with micropub-helper, a client from npm: prints JSON for each step.
// Arguments: the folder of the library, a step, its values as JSON.
const fs = require("node:fs");
const path = require("node:path");
delete globalThis.FormData; // it takes its own, which sends files
const [folder, step, values] = process.argv.slice(2);
const load = require("node:module").createRequire(path.resolve(folder) + "/");
const Micropub = load("micropub-helper");
const { options, ...given } = JSON.parse(values);
const client = new Micropub(options);

const steps = {
  authorize: async () => ({ address: await client.getAuthUrl(), options: client.options }),
  token: async () => ({ token: await client.getToken(given.code) }),
  write: async () => {
    const done = { verified: await client.verifyToken() };
    const config = await client.query("config");
    client.options.mediaEndpoint = config["media-endpoint"];
    const entry = { type: ["h-entry"], properties: { name: ["From npm"], content: ["*Hello*"], category: ["a"] } };
    done.post = await client.create(entry);
    done.note = await client.create({ h: "entry", content: "A form", category: ["x", "y"] }, "form");
    done.media = await client.postMedia(fs.createReadStream(given.picture));
    await client.update(done.post, { replace: { content: ["Changed"] }, add: { category: ["b"] } });
    done.source = await client.querySource(done.post, ["content", "category"]);
    done.note_source = await client.querySource(done.note);
    done.list = await client.querySource({ limit: 1 });
    await client.delete(done.post);
    done.gone = await client.querySource(done.post).catch((error) => error.status);
    await client.undelete(done.post);
    done.back = await client.querySource(done.post, ["name"]);
    return done;
  },
};

steps[step]().then(
  (done) => console.log(JSON.stringify(done)),
  (error) => {
    console.error(error.message, error.status, error.error?.response?.data ?? error.error);
    process.exit(1);
  },
);
