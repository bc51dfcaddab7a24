import { type Link, linkName } from '@chaosproxy/faults'
import type { AddressPair, ContainerRules } from './redirection.ts'

export interface LinkCutsOptions {
  /** Where links lead from and to now. */
  pairsOf(links: readonly Link[]): readonly AddressPair[]
  rules(): ContainerRules
  /** Whether the rules let everything pass by now. */
  isOver(): boolean
  /** Runs a step once those before have ended. */
  next<T>(step: () => Promise<T>): Promise<T>
}

/** Links on which nothing but TCP may pass: the proxy cuts that, and carries nothing else. */
export interface LinkCuts {
  /** Lets the rules follow what changed. */
  follow(): Promise<void>
  /** Resolves to what ends the cut, which resolves to how many packets it has dropped. */
  cut(links: readonly Link[]): Promise<() => Promise<number>>
}

export function createLinkCuts({ pairsOf, rules, isOver, next }: LinkCutsOptions): LinkCuts {
  const inForce = new Set<readonly Link[]>()
  const follow = () => rules().cut(pairsOf([...inForce].flat()))
  const isCut = (link: Link) => [...inForce].flat().some((other) => linkName(other) === linkName(link))
  async function dropped(links: readonly Link[]): Promise<number> {
    const { cut } = await rules().refused()
    return pairsOf(links).reduce((sum, [from, to]) => sum + (cut.get(`${from}>${to}`) ?? 0), 0)
  }
  return {
    follow,
    async cut(links) {
      const own = [...links]
      const before = await next(async () => {
        // What nobody has cut yet counts from zero.
        if (isOver()) return 0
        const count = own.some(isCut) ? await dropped(own) : 0
        inForce.add(own)
        await follow()
        return count
      })
      return () =>
        next(async () => {
          if (!inForce.delete(own) || isOver()) return 0
          const count = await dropped(own)
          await follow()
          return Math.max(0, count - before)
        })
    },
  }
}
