import type { Framing } from './framing/framing.ts'
import { jsonLines } from './framing/json-lines.ts'
import { mysql } from './mysql/mysql.ts'
import { postgresql } from './postgresql/postgresql.ts'
import { resp } from './resp/resp.ts'
import { websocket } from './websocket/websocket.ts'

/** The framings without settings. A new one is a folder next to this file, and a line here. */
const all: Framing[] = [jsonLines, mysql, postgresql, resp, websocket]

export const framings: readonly Framing[] = all

/** Adds the framing of a protocol of a user's own. */
export const addFraming = (framing: Framing): void => void all.push(framing)
