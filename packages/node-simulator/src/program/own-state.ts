import { type PackageRewrite, packageRewrite } from './package-rewrite.ts'

/** Moves the state of `bluebird` from `Error`, which all nodes share, to the global object of each node. */
export const ownState: PackageRewrite = packageRewrite('own-state', (code, id) =>
  BLUEBIRD.test(id) ? code.replaceAll(KEPT, (_, before: string) => `${before}globalThis`) : undefined,
)

const BLUEBIRD = /[/\\]bluebird[/\\]js[/\\]release[/\\]errors\.js$/
/** Matches the code of `bluebird` that reads or writes its state on `Error`. */
const KEPT = /(= |defineProperty\()Error(?=(?:\[|, )"__BluebirdErrorTypes__")/g
