import type { Conversation } from '../interceptor.ts'
import type { Recorder } from '../recorder/recorder.ts'
import type { Naming } from './identity.ts'
import { type InitialScanOptions, scanInitially } from './initial-scan.ts'
import { KeySpace } from './key-space.ts'
import type { RespClient } from './resp-settings.ts'

// What a recording of several nodes has in common: one key space, read once, and one way to tell clients apart.

/** All nodes of a recording share one key space. */
const keySpaces: WeakMap<Recorder, KeySpace> = new WeakMap()

export function keySpaceOf(recorder: Recorder): KeySpace {
  const known = keySpaces.get(recorder)
  if (known !== undefined) return known
  const made = new KeySpace()
  keySpaces.set(recorder, made)
  return made
}

/**
 * Reads what keys hold before any client connects: from a recording's first server only, since all nodes share one
 * key space.
 */
export async function readRespInitially(options: Omit<InitialScanOptions, 'keySpace'>): Promise<void> {
  const keySpace = keySpaceOf(options.recorder)
  if (keySpace.isRead) return
  keySpace.isRead = true
  await scanInitially({ ...options, keySpace })
}

/** What names the client of a connection; `said`: the client itself does. */
export function namingOf(client: RespClient | undefined, { id, client: { host }, peerProcess }: Conversation): Naming {
  switch (client) {
    case undefined:
      return { kind: 'said' }
    case 'peer.process':
      return { kind: 'fixed', session: peerProcess }
    case 'peer.address':
      return { kind: 'fixed', session: host }
    case 'connection':
      return { kind: 'fixed', session: `connection ${id}` }
  }
}
