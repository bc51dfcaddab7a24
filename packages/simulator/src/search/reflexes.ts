import type { NodeId } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { Moment, MomentWatch } from '../moments.ts'
import type { Reaction } from './reaction.ts'

/** Watches the moments of one trial. At the moment that a reaction waits for, triggers the reaction. */
export interface Reflexes {
  readonly watch: MomentWatch
  begin(since: () => Nanos, react: (reaction: Reaction, node: NodeId) => void): void
}

export function createReflexes(reactions: readonly Reaction[]): Reflexes {
  const awaited: { [moment in Moment]: boolean } = {
    leads: reactions.some(({ moment }) => moment === 'leads'),
    persists: false,
    acknowledges: false,
    sends: false,
    rings: false,
    restarts: false,
  }
  const pending = reactions.map((reaction) => ({ reaction, missing: reaction.occurrence }))
  let react: ((reaction: Reaction, node: NodeId) => void) | undefined
  let since: () => Nanos = () => nanos(0)

  function notice(node: NodeId, moment: Moment): void {
    if (react === undefined) return
    let isAwaited = false
    for (const one of pending) {
      const { reaction, missing } = one
      if (reaction.moment !== moment || missing === 0) continue
      isAwaited = true
      if (reaction.notBefore !== undefined && since() < reaction.notBefore) continue
      one.missing--
      if (one.missing === 0) react(reaction, node)
    }
    awaited[moment] = isAwaited
  }

  return {
    watch: { awaited, notice },
    begin(clock, respond) {
      since = clock
      react = respond
      for (const { reaction } of pending) awaited[reaction.moment] = true
    },
  }
}
