import type { Framing } from './framing/framing.ts'
import { jsonLines } from './framing/json-lines.ts'
import { mysql } from './mysql/mysql.ts'
import { postgresql } from './postgresql/postgresql.ts'
import { resp } from './resp/resp.ts'
import { websocket } from './websocket/websocket.ts'

/** The framings without settings. A new one is a folder next to this file, and a line here. */
export const framings: readonly Framing[] = [jsonLines, mysql, postgresql, resp, websocket]
