import type { Framing } from './framing/framing.ts'
import { jsonLines } from './framing/json-lines.ts'
import { mysql } from './mysql/mysql.ts'
import { postgresql } from './postgresql/postgresql.ts'
import { resp } from './resp/resp.ts'
import { websocket } from './websocket/websocket.ts'

/** The framings without settings. A new framing is a folder here, and an entry in this list. */
const all: Framing[] = [jsonLines, mysql, postgresql, resp, websocket]

export const framings: readonly Framing[] = all

/** Registers the framing of a user-defined protocol. */
export const addFraming = (framing: Framing): void => void all.push(framing)
