import type { AskedServer, RecordedServer, ServerRecording } from '../spoken/conversation.ts'
import { MAX_MESSAGE_BYTES } from '../spoken/conversation.ts'
import { commandSet } from './command-set.ts'
import { scanInitially } from './initial-scan.ts'
import { expirationsOf, keySpaceOf } from './recording-scope.ts'
import { RespConversation } from './resp-conversation.ts'
import { RESP_NAMES, type RespSettings } from './resp-settings.ts'

/** By default strings and hashes are recorded as registers, clients name themselves, and keys hold something unknown. */
export interface RespRecorderOptions extends RecordedServer, Partial<RespSettings> {}

/** Records the operations of clients of a RESP server. */
export function recordResp(options: RespRecorderOptions): ServerRecording {
  const { recorder, node, maxMessageBytes = MAX_MESSAGE_BYTES, commands = commandSet(), client, initial } = options
  const keySpace = keySpaceOf(recorder)
  const expirations = expirationsOf(recorder, commands)
  expirations.node(node)
  keySpace.node(node)
  recorder.clientsBy({ by: client ?? RESP_NAMES, named: true })
  // Reading the keys at the start also reads their times to live, and an absent key has none.
  const lifetimes = initial === undefined || initial === 'unknown' ? keySpace.lifetimes : undefined
  recorder.startsWith(typeof initial === 'object' ? initial : undefined)
  const shared = { recorder, node, maxMessageBytes, commands, keySpace, lifetimes, expirations }
  return { client, open: ({ host, naming }) => new RespConversation({ ...shared, host, naming }) }
}

/** Reads what keys hold: from a recording's first server only, since all nodes share one key space. */
export async function readRespInitially(
  { recorder, node, commands }: RecordedServer & Pick<RespSettings, 'commands'>,
  dial: () => Promise<AskedServer>,
): Promise<void> {
  const keySpace = keySpaceOf(recorder)
  if (keySpace.isRead) return
  keySpace.isRead = true
  const server = await dial()
  try {
    await scanInitially({ server, recorder, node, commands, keySpace, expirations: expirationsOf(recorder, commands) })
  } finally {
    server.close()
  }
}
