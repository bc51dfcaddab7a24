import type { Input, UserError } from '@chaosproxy/history'
import type { ClientAddress } from '../clients/module-file.ts'

// What is said between a run and the thread that its user's client is on.

export type ToHost =
  | {
      readonly type: 'invoke'
      readonly id: number
      /** Each has a connection of its own, opened when it is first asked. */
      readonly client: number
      readonly address: ClientAddress
      readonly input: Input
    }
  /** Nobody waits for it any more. */
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'close'; readonly client: number }
  | { readonly type: 'ping' }

export type FromHost =
  | { readonly type: 'ready'; readonly functions: readonly string[] | undefined }
  | { readonly type: 'bad'; readonly code: UserError['code']; readonly message: string }
  /** It may be more than JSON can say. */
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'thrown'; readonly id: number; readonly refused: boolean; readonly error: string }
  | { readonly type: 'exited'; readonly exitCode: unknown }
  | { readonly type: 'pong' }
