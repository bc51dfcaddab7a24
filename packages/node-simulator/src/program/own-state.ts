import { isInstalled } from './probes.ts'

/**
 * What `bluebird` keeps on the `Error` that all nodes share, so that its several copies in one program agree, and for good:
 * each node has it on a global object of its own instead.
 */
export const ownState = {
  name: 'own-state',
  transform(code: string, id: string): { readonly code: string; readonly map: null } | null {
    if (!isInstalled(id) || !BLUEBIRD.test(id)) return null
    return { code: code.replaceAll(KEPT, (_, before: string) => `${before}globalThis`), map: null }
  },
}

const BLUEBIRD = /[/\\]bluebird[/\\]js[/\\]release[/\\]errors\.js$/
/** Where it is looked for, and where it is put. */
const KEPT = /(= |defineProperty\()Error(?=(?:\[|, )"__BluebirdErrorTypes__")/g
