// What an author does with the blog, by the client that was generated: `node journey.js URL FOLDER_OF_MAILS`.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

import createClient from "openapi-fetch";

import type { components, operations, paths } from "./api.js";

type Problem = components["schemas"]["Problem"];
type Published = operations["publish_article"]["responses"][200]["content"]["application/json"];

const [site, mails] = process.argv.slice(2) as [string, string];
const password = "seven patient otters";
const form = { "Content-Type": "application/x-www-form-urlencoded" };

async function step<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    console.error(`The client could not ${what}: ${error}`);
    process.exit(1);
  }
}

function got<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) {
    const { status, code, detail } = answer.error!;
    throw new Error(`${status} ${code}: ${detail}`);
  }
  return answer.data;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

async function mailedToken(): Promise<string> {
  for (let attempt = 0; attempt < 300; attempt++, await setTimeout(100)) {
    for (const name of safeList(mails)) {
      const found = /\?token=(\S+)/.exec(readFileSync(`${mails}/${name}`, "utf-8"));
      if (found?.[1]) return found[1];
    }
  }
  throw new Error("no mail with a link");
}

function safeList(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const anonymous = createClient<paths>({ baseUrl: site });

await step("register", async () => {
  got(await anonymous.POST("/api/v1/auth/register", { body: { email: "maria@example.com", username: "maria", password } }));
});

await step("confirm the email address", async () => {
  const user = got(await anonymous.POST("/api/v1/auth/verify", { body: { token: await mailedToken() } }));
  check(user.is_verified, "the account is not verified");
});

await step("tell a wrong password from others", async () => {
  const body = { username: "maria", password: "wrong" };
  const { error } = await anonymous.POST("/api/v1/auth/login", { body, headers: form });
  check(error?.code === "invalid_credentials", JSON.stringify(error));
});

const tokens = await step("log in", async () =>
  got(await anonymous.POST("/api/v1/auth/login", { body: { username: "maria", password }, headers: form })),
);
const maria = createClient<paths>({
  baseUrl: site,
  headers: { Authorization: `${tokens.token_type} ${tokens.access_token}` },
});

await step("write an article", async () => {
  const draft = got(await maria.POST("/api/v1/articles", { body: { title: "Tides", tags: ["Sea"] } }));
  check(draft.status === "draft", "it is no draft");
});

await step("learn which field is wrong", async () => {
  // @ts-expect-error An article needs a title, which the type says too.
  const { error } = await maria.POST("/api/v1/articles", { body: { tags: ["Sea"] } });
  check(error?.errors?.[0]?.field === "title", JSON.stringify(error));
});

const article = { path: { slug: "tides" } };

await step("publish the article", async () => {
  const published: Published = got(await maria.PUT("/api/v1/articles/{slug}/publication", { params: article }));
  check(published.published_at !== null, "it has no date");
});

await step("comment on the article, and reply", async () => {
  const write = (body: components["schemas"]["CommentInput"]) =>
    maria.POST("/api/v1/articles/{slug}/comments", { params: article, body });
  const comment = got(await write({ body_markdown: "Ebb and *flow*." }));
  const reply = got(await write({ body_markdown: "And ebb.", parent_id: comment.id }));
  check(reply.depth === 1, "it is no reply");
});

await step("read the article back without an account", async () => {
  const found = got(await anonymous.GET("/api/v1/articles/{slug}", { params: article }));
  check(found.tags[0]?.slug === "sea", "its tag is missing");
});

await step("list the articles", async () => {
  const page = got(await anonymous.GET("/api/v1/articles", { params: { query: { tag: ["sea"], limit: 1 } } }));
  check(page.items.length === 1 && page.items[0]?.comment_count === 2, JSON.stringify(page));
});

await step("list the comments", async () => {
  const { items } = got(await anonymous.GET("/api/v1/articles/{slug}/comments", { params: article }));
  check(items[0]?.body_html === "<p>Ebb and <em>flow</em>.</p>", JSON.stringify(items[0]));
});

await step("download the personal data", async () => {
  const blob = got(await maria.GET("/api/v1/users/me/export", { parseAs: "arrayBuffer" }));
  check(Buffer.from(blob as unknown as ArrayBuffer).subarray(0, 2).toString() === "PK", "it is no ZIP file");
});
