/** What Phoenix says it holds, through its own REST and GraphQL interfaces. */

/** A span as Phoenix shows it. */
export interface ShownSpan {
  readonly name: string;
  readonly context: { readonly trace_id: string; readonly span_id: string };
  readonly span_kind: string;
  readonly parent_id: string | null;
  readonly start_time: string;
  readonly end_time: string;
  readonly status_code: string;
  readonly status_message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string }[];
}

/** A session as Phoenix shows it. */
export interface ShownSession {
  readonly session_id: string;
  readonly traces: readonly { readonly trace_id: string }[];
  readonly token_count_prompt: number;
  readonly token_count_completion: number;
}

/** What only GraphQL tells: costs of a span in US dollars, null where the model has no price. */
export interface ShownCost {
  readonly spanId: string;
  readonly tokenCountPrompt: number | null;
  readonly tokenCountCompletion: number | null;
  readonly costSummary: {
    readonly total: { readonly cost: number | null };
    readonly prompt: { readonly cost: number | null };
    readonly completion: { readonly cost: number | null };
  } | null;
}

/** The first input and last output of a session's page, and its cost. */
export interface ShownSessionPage {
  readonly sessionId: string;
  readonly numTraces: number;
  readonly firstInput: { readonly value: string } | null;
  readonly lastOutput: { readonly value: string } | null;
  readonly costSummary: { readonly total: { readonly cost: number | null } };
}

const PAGE = 500;

/** Questions to a running Phoenix. */
export class PhoenixApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async #get(path: string): Promise<{ readonly data: unknown; readonly next_cursor?: string | null } | undefined> {
    const response = await fetch(`${this.#url}${path}`, { proxy: false });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
    return (await response.json()) as { data: unknown };
  }

  async #pages<T>(path: string): Promise<T[]> {
    const all: T[] = [];
    for (let cursor = ""; ; ) {
      const page = await this.#get(
        `${path}?limit=${PAGE}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      all.push(...((page?.data ?? []) as T[]));
      if (!page?.next_cursor) return all;
      cursor = page.next_cursor;
    }
  }

  async projects(): Promise<string[]> {
    return (await this.#pages<{ name: string }>("/v1/projects")).map(({ name }) => name);
  }

  async spans(project: string): Promise<ShownSpan[]> {
    return this.#pages(`/v1/projects/${encodeURIComponent(project)}/spans`);
  }

  async sessions(project: string): Promise<ShownSession[]> {
    return this.#pages(`/v1/projects/${encodeURIComponent(project)}/sessions`);
  }

  async #graphql<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<T> {
    const response = await fetch(`${this.#url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
      proxy: false,
    });
    const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }

  async #projectId(project: string): Promise<string> {
    const found = (await this.#get(`/v1/projects/${encodeURIComponent(project)}`))?.data as { id: string } | undefined;
    if (found === undefined) throw new Error(`no project ${project}`);
    return found.id;
  }

  async costs(project: string): Promise<ShownCost[]> {
    const id = await this.#projectId(project);
    const all: ShownCost[] = [];
    for (let after: string | null = null; ; ) {
      const page: {
        node: { spans: { pageInfo: { hasNextPage: boolean; endCursor: string }; edges: { node: ShownCost }[] } };
      } = await this.#graphql(
        `query($id: ID!, $first: Int!, $after: String) { node(id: $id) { ... on Project {
          spans(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
            spanId tokenCountPrompt tokenCountCompletion
            costSummary { total { cost } prompt { cost } completion { cost } } } } } } } }`,
        { id, first: PAGE, after },
      );
      const { edges, pageInfo } = page.node.spans;
      all.push(...edges.map(({ node }) => node));
      if (!pageInfo.hasNextPage) return all;
      after = pageInfo.endCursor;
    }
  }

  async sessionPages(project: string): Promise<ShownSessionPage[]> {
    const data = await this.#graphql<{ node: { sessions: { edges: { node: ShownSessionPage }[] } } }>(
      `query($id: ID!, $first: Int!) { node(id: $id) { ... on Project { sessions(first: $first) { edges { node {
        sessionId numTraces firstInput { value } lastOutput { value } costSummary { total { cost } } } } } } } }`,
      { id: await this.#projectId(project), first: PAGE },
    );
    return data.node.sessions.edges.map(({ node }) => node);
  }
}
