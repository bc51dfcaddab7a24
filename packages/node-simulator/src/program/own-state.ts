import { isInstalled } from './probes.ts'

/**
 * State that `bluebird` keeps on the shared `Error`, permanently, so that its copies in one program agree: each node
 * has it on a separate global object instead.
 */
export const ownState = {
  name: 'own-state',
  transform(code: string, id: string): { readonly code: string; readonly map: null } | null {
    if (!isInstalled(id) || !BLUEBIRD.test(id)) return null
    return { code: code.replaceAll(KEPT, (_, before: string) => `${before}globalThis`), map: null }
  },
}

const BLUEBIRD = /[/\\]bluebird[/\\]js[/\\]release[/\\]errors\.js$/
/** Where it is read, and where it is written. */
const KEPT = /(= |defineProperty\()Error(?=(?:\[|, )"__BluebirdErrorTypes__")/g
