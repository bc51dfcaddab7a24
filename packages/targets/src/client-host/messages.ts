import type { Input } from '@chaosproxy/history'
import type { Tagged } from '@chaosproxy/protocols'
import type { Bad, Exited } from '../user-files/vet-on-thread.ts'
import type { ClientAddress } from './module-file.ts'

// The messages between a run and the thread of the user's client.

export type ToHost = Tagged<
  'type',
  {
    invoke: { id: number; client: number; address: ClientAddress; input: Input }
    abort: { id: number }
    close: { client: number }
    ping: unknown
  }
>

export type FromHost =
  | Tagged<
      'type',
      {
        ready: { functions: readonly string[] | undefined }
        /** The answer may contain values that JSON cannot express. */
        answer: { id: number; answer: unknown }
        thrown: { id: number; refused: boolean; error: string }
        pong: unknown
      }
    >
  | Bad
  | Exited
