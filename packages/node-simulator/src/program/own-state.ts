import { isInstalled } from './probes.ts'

/** Moves the state of `bluebird` from `Error`, which all nodes share, to the global object of each node. */
export const ownState = {
  name: 'own-state',
  transform(code: string, id: string): { readonly code: string; readonly map: null } | null {
    if (!isInstalled(id) || !BLUEBIRD.test(id)) return null
    return { code: code.replaceAll(KEPT, (_, before: string) => `${before}globalThis`), map: null }
  },
}

const BLUEBIRD = /[/\\]bluebird[/\\]js[/\\]release[/\\]errors\.js$/
/** Matches the code of `bluebird` that reads or writes its state on `Error`. */
const KEPT = /(= |defineProperty\()Error(?=(?:\[|, )"__BluebirdErrorTypes__")/g
