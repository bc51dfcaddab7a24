import { isInstalled } from './probes.ts'

/**
 * Replaces the state that `bluebird` stores permanently on the shared `Error`, so that its copies in one program agree:
 * each node stores this state on a separate global object.
 */
export const ownState = {
  name: 'own-state',
  transform(code: string, id: string): { readonly code: string; readonly map: null } | null {
    if (!isInstalled(id) || !BLUEBIRD.test(id)) return null
    return { code: code.replaceAll(KEPT, (_, before: string) => `${before}globalThis`), map: null }
  },
}

const BLUEBIRD = /[/\\]bluebird[/\\]js[/\\]release[/\\]errors\.js$/
/** Matches the code that reads this state or writes it. */
const KEPT = /(= |defineProperty\()Error(?=(?:\[|, )"__BluebirdErrorTypes__")/g
