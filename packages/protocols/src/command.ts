import type { Input } from '@chaos/history'

/** Whose request this is, and its number among that client's: lets a protocol apply a repeated request once. */
export interface Session {
  readonly client: string
  readonly sequence: number
}

/** What a client asks, as nodes pass it on and keep it. */
export interface Command {
  readonly input: Input
  readonly session?: Session | undefined
}

/** Without a member of no meaning: JSON would lose it on the way to another node. */
export const commandOf = ({ input, session }: Command): Command =>
  session === undefined ? { input } : { input, session }
