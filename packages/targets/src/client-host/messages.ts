import type { Input } from '@chaosproxy/history'
import type { Bad, Exited } from '../user-files/vet-on-thread.ts'
import type { ClientAddress } from './module-file.ts'

// The messages between a run and the thread of the user's client.

export type ToHost =
  | {
      readonly type: 'invoke'
      readonly id: number
      readonly client: number
      readonly address: ClientAddress
      readonly input: Input
    }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'close'; readonly client: number }
  | { readonly type: 'ping' }

export type FromHost =
  | { readonly type: 'ready'; readonly functions: readonly string[] | undefined }
  | Bad
  /** The answer may contain values that JSON cannot express. */
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'thrown'; readonly id: number; readonly refused: boolean; readonly error: string }
  | Exited
  | { readonly type: 'pong' }
