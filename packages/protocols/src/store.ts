import type { Json } from '@chaos/history'

/** Who asks, and the how-manieth of its requests this is: lets a protocol apply a repeated request once. */
export interface Session {
  readonly client: string
  readonly sequence: number
}

/** What clients may ask of a replicated key-value object. A key that was never written has the value null. */
export type StoreCommand =
  | { readonly f: 'read'; readonly key: string; readonly session?: Session | undefined }
  | { readonly f: 'write'; readonly key: string; readonly value: Json; readonly session?: Session | undefined }
  | {
      readonly f: 'cas'
      readonly key: string
      readonly old: Json
      readonly new: Json
      readonly session?: Session | undefined
    }

/** The same command as one of a session. Spelled out, because commands are made by the thousand and copying members is slow. */
export function inSession(command: StoreCommand, session: Session): StoreCommand {
  switch (command.f) {
    case 'read':
      return { f: 'read', key: command.key, session }
    case 'write':
      return { f: 'write', key: command.key, value: command.value, session }
    case 'cas':
      return { f: 'cas', key: command.key, old: command.old, new: command.new, session }
    default:
      return command satisfies never
  }
}

/** `fail`: certainly had no effect. `info`: may have, now or later. */
export type StoreResult =
  | { readonly type: 'ok'; readonly value: Json }
  | { readonly type: 'fail'; readonly error: StoreFailure }
  | { readonly type: 'info'; readonly error: string }

/** `mismatch`: a cas found another value. `unavailable`: this node cannot serve it now, and nothing was done. */
export type StoreFailure = 'mismatch' | 'unavailable' | 'unsupported'
