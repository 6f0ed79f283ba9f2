/** Where Devin CLI keeps its sessions: one database for all of them, on every system below the user's data folder. */

import { homeOf } from "../../paths.ts";
import type { HistorySource, SessionHints } from "../agent.ts";

/** Path of the database. @param data `XDG_DATA_HOME` of the session, if it is set */
export function databasePath(data: string | undefined, home: string | undefined): string | undefined {
  if (data) return `${data.replace(/[/\\]+$/, "")}/devin/cli/sessions.db`;
  return home === undefined ? undefined : `${home}/.local/share/devin/cli/sessions.db`;
}

/** The session's part of the database. */
export async function sources(session: string, hints: SessionHints): Promise<readonly HistorySource[]> {
  const path = databasePath(hints.data, homeOf(process.env));
  if (path === undefined) return [];
  const { since, joined } = hints;
  return [
    {
      id: "main",
      path,
      role: { session, ...(since !== undefined && { since }), ...(joined !== undefined && { joined }) },
    },
  ];
}
