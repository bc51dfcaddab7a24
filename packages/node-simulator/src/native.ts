const LOADERS: ReadonlySet<string> = new Set([
  ...['bindings', 'node-gyp-build', 'node-gyp-build-optional-packages', 'node-pre-gyp', '@mapbox/node-pre-gyp'],
])

export const isNativeLoader = (specifier: string): boolean => LOADERS.has(specifier)

/**
 * Returns Node's error for a missing module. If a package gets this error for its native code, it usually works without
 * native code.
 */
export const noNativeCode = (specifier: string): Error =>
  Object.assign(
    new Error(`Cannot find module '${specifier}', which loads native code: its files and threads cannot be simulated`),
    { code: 'MODULE_NOT_FOUND' },
  )
