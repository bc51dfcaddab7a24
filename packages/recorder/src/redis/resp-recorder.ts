import type { Expiry } from '../record/expiry.ts'
import type { Recorder } from '../record/recorder.ts'
import {
  MAX_MESSAGE_BYTES,
  type QueriedServer,
  type RecordedServer,
  type ServerRecording,
} from '../spoken/conversation.ts'
import { type CommandSet, commandSet } from './command-set.ts'
import { Expirations } from './expirations.ts'
import { scanInitially } from './initial-scan.ts'
import { KeySpace } from './key-space.ts'
import { RespConversation } from './resp-conversation.ts'
import { RESP_NAMES, type RespSettings } from './resp-settings.ts'

/** By default strings and hashes are registers, clients name themselves, and initial values are unknown. */
export interface RespRecorderOptions extends RecordedServer, Partial<RespSettings> {}

export function recordResp(options: RespRecorderOptions): ServerRecording {
  const { recorder, node, maxMessageBytes = MAX_MESSAGE_BYTES, commands = commandSet(), client, initial } = options
  const { keySpace, expirations } = sharedBy(recorder, commands)
  expirations.node(node)
  keySpace.node(node)
  recorder.clientsBy({ by: client ?? RESP_NAMES, named: true })
  // Initial values and times to live are read together, so either both are known or neither.
  const lifetimes = initial === undefined || initial === 'unknown' ? keySpace.lifetimes : undefined
  recorder.startsWith(typeof initial === 'object' ? initial : undefined)
  const all = { recorder, node, maxMessageBytes, commands, keySpace, lifetimes, expirations }
  return { client, open: ({ host, naming }) => new RespConversation({ ...all, host, naming }) }
}

/** Reads the initial values from the first server only, since all nodes share one key space. */
export async function readRespInitially(
  { recorder, node, commands }: RecordedServer & Pick<RespSettings, 'commands'>,
  dial: () => Promise<QueriedServer>,
): Promise<void> {
  const { keySpace, expirations } = sharedBy(recorder, commands)
  if (keySpace.isRead) return
  keySpace.isRead = true
  const server = await dial()
  try {
    await scanInitially({ server, recorder, node, commands, keySpace, expirations })
  } finally {
    server.close()
  }
}

// What all nodes of a recording share.

interface Shared {
  readonly keySpace: KeySpace
  readonly expirations: Expirations
}

const shared: WeakMap<Recorder, Shared> = new WeakMap()

/**
 * Returns the key space that all nodes of a recording share, and the tracker of the times to live of its keys. In
 * models other than `register`, null does not stand for an absent key, so an expired key is marked as `touched`, and no
 * write of null is recorded.
 */
function sharedBy(recorder: Recorder, { model }: CommandSet): Shared {
  const known = shared.get(recorder)
  if (known !== undefined) return known
  const touched = (key: string): Expiry => {
    recorder.touched('its time to live', 'it has ended, and the server removes the key by itself', { keys: [key] })
    return { ended: () => undefined }
  }
  const open = model === 'register' ? (key: string) => recorder.expiring(key) : touched
  const expirations = new Expirations({ now: () => recorder.now(), open })
  const keySpace = new KeySpace()
  keySpace.onField = (key, field) => expirations.field(key, field)
  const why = 'the key was first seen while all keys were being deleted'
  keySpace.onFlushed = (key) => recorder.touched('FLUSHALL', why, { keys: [key] })
  keySpace.isLasting = (key) => expirations.isLasting(key)
  keySpace.onAbsent = (key) => {
    // If the initial values are known, the history's header already says which value an unseen key has. In models other
    // than `register`, null does not stand for an absent key.
    if (model === 'register' && recorder.initial === 'unknown') recorder.absent(key)
  }
  const made = { keySpace, expirations }
  shared.set(recorder, made)
  return made
}
