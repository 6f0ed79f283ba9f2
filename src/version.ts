import { version } from "../package.json" with { type: "json" };

/** Version of this program, compiled in. */
export const VERSION: string = version;
