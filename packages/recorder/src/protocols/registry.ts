import { postgresql } from '../postgresql/protocol.ts'
import { redis } from '../redis/protocol.ts'
import type { RecordedProtocol } from '../spoken/protocol.ts'

/** A new one is a folder beside this one, and a line here; its framing is a folder and a line in `wire`. */
export const recordedProtocols: readonly RecordedProtocol[] = [redis, postgresql]
