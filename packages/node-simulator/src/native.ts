const LOADERS: ReadonlySet<string> = new Set([
  ...['bindings', 'node-gyp-build', 'node-gyp-build-optional-packages', 'node-pre-gyp', '@mapbox/node-pre-gyp'],
])

/** Whether the package locates native code of others. */
export const isNativeLoader = (specifier: string): boolean => LOADERS.has(specifier)

/** Returns Node's error for a missing module, without which most packages work. */
export const noNativeCode = (specifier: string): Error =>
  Object.assign(
    new Error(`Cannot find module '${specifier}', which loads native code: its files and threads cannot be simulated`),
    { code: 'MODULE_NOT_FOUND' },
  )
