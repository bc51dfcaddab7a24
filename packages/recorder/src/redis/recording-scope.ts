import type { Expiry } from '../record/expiry.ts'
import type { Recorder } from '../record/recorder.ts'
import type { CommandSet } from './command-set.ts'
import { Expirations } from './expirations.ts'
import { KeySpace } from './key-space.ts'

// What a recording of several nodes has in common: one key space, read once.

/** All nodes of a recording share one key space. */
const keySpaces: WeakMap<Recorder, KeySpace> = new WeakMap()

export function keySpaceOf(recorder: Recorder): KeySpace {
  const known = keySpaces.get(recorder)
  if (known !== undefined) return known
  const made = new KeySpace()
  keySpaces.set(recorder, made)
  return made
}

const expirations: WeakMap<Recorder, Expirations> = new WeakMap()

/** The times to live of a recording. Where nulls mean nothing, a key whose time is over is marked instead. */
export function expirationsOf(recorder: Recorder, { model }: CommandSet): Expirations {
  const known = expirations.get(recorder)
  if (known !== undefined) return known
  const touched = (key: string): Expiry => {
    recorder.touched('its time to live', 'it is over, and the server removes the key by itself', { keys: [key] })
    return { ended: () => undefined }
  }
  const open = model === 'register' ? (key: string) => recorder.expiring(key) : touched
  const made = new Expirations({ now: () => recorder.now(), open })
  const keySpace = keySpaceOf(recorder)
  keySpace.onField = (key, field) => made.field(key, field)
  const why = 'it was first seen while everything was being deleted'
  keySpace.onFlushed = (key) => recorder.touched('FLUSHALL', why, { keys: [key] })
  keySpace.isLasting = (key) => made.isLasting(key)
  keySpace.onAbsent = (key) => {
    // Where all keys are known at the start, those not named are absent. For other models null means nothing.
    if (model === 'register' && recorder.initial === 'unknown') recorder.absent(key)
  }
  expirations.set(recorder, made)
  return made
}
