import type { Endpoint } from '@chaosproxy/faults'
import type { Identifier, Recorder } from '@chaosproxy/recorder'
import { recordedProtocols } from '@chaosproxy/recorder/protocols'
import type { RespInitial } from '@chaosproxy/recorder/redis'
import { type CommandSet, commandSet } from '@chaosproxy/recorder/redis'
import { namingOf } from '../interceptor/client-naming.ts'
import type { Intercept } from '../interceptor/interceptor.ts'
import { expirationsOf, keySpaceOf } from './recording-scope.ts'
import { RespRecording } from './resp-recording.ts'

export interface RespRecorderOptions {
  readonly recorder: Recorder
  /** The server's name in the history. */
  readonly node: Endpoint
  /** Which commands are recorded, and how. By default strings and hashes, as registers. */
  readonly commands?: CommandSet | undefined
  /** What tells clients apart. By default the name they give: `CLIENT SETNAME`, or the user of `AUTH`. */
  readonly client?: Identifier | undefined
  /** What keys hold at the start. By default unknown; `readRespInitially` asks the server. */
  readonly initial?: RespInitial | undefined
  /** Longer commands are not recorded and count as changing every key. By default 16 MiB. */
  readonly maxMessageBytes?: number | undefined
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** Records the operations of clients of a RESP server. Bytes are passed on unchanged and read on the way. */
export function recordResp(options: RespRecorderOptions): Intercept {
  const { recorder, node, maxMessageBytes = MAX_MESSAGE_BYTES, commands = commandSet(), client, initial } = options
  const keySpace = keySpaceOf(recorder)
  const expirations = expirationsOf(recorder, commands)
  expirations.node(node)
  keySpace.node(node)
  recorder.clientsBy({ by: client ?? recordedProtocols.resp.namedBy, named: true })
  // Reading the keys at the start also reads their times to live, and an absent key has none.
  const lifetimes = initial === undefined || initial === 'unknown' ? keySpace.lifetimes : undefined
  recorder.startsWith(typeof initial === 'object' ? initial : undefined)
  return (conversation) => {
    const naming = namingOf(client, conversation)
    const shared = { recorder, node, maxMessageBytes, commands, keySpace, naming, lifetimes, expirations }
    return new RespRecording(conversation, shared)
  }
}
