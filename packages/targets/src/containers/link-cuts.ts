import { type Link, linkName } from '@chaosproxy/faults'
import type { DatagramCuts } from '../network/inject.ts'
import type { AddressPair, ContainerRules } from './redirection.ts'

interface LinkCutsOptions {
  pairsOf(links: readonly Link[]): readonly AddressPair[]
  rules(): ContainerRules
  isOver(): boolean
  next<T>(step: () => Promise<T>): Promise<T>
}

/** Cuts all traffic except TCP. The proxy cuts TCP. */
interface LinkCuts extends DatagramCuts {
  follow(): Promise<void>
}

export function createLinkCuts({ pairsOf, rules, isOver, next }: LinkCutsOptions): LinkCuts {
  const inForce = new Set<readonly Link[]>()
  const follow = () => rules().cut(pairsOf([...inForce].flat()))
  async function dropped(links: readonly Link[]): Promise<number> {
    const { cut } = await rules().refused()
    return pairsOf(links).reduce((sum, [from, to]) => sum + (cut.get(`${from}>${to}`) ?? 0), 0)
  }
  return {
    follow,
    async cut(links) {
      const own = [...links]
      const before = await next(async () => {
        // Resolves with the number of packets that other cuts have already dropped on these links. It is 0 if none of
        // these links is cut yet.
        if (isOver()) return 0
        const count = own.some((link) => [...inForce].flat().some((other) => linkName(other) === linkName(link)))
          ? await dropped(own)
          : 0
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
