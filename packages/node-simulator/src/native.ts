const LOADERS: ReadonlySet<string> = new Set([
  ...['bindings', 'node-gyp-build', 'node-gyp-build-optional-packages', 'node-pre-gyp', '@mapbox/node-pre-gyp'],
])

/** Returns whether the package locates native code of other packages. */
export const isNativeLoader = (specifier: string): boolean => LOADERS.has(specifier)

/**
 * Returns the error for a request to load native code. The error says that the module is missing, as if the code had
 * never been built. Most packages work without native code.
 */
export const noNativeCode = (specifier: string): Error =>
  Object.assign(
    new Error(`Cannot find module '${specifier}', which loads native code: its files and threads cannot be simulated`),
    { code: 'MODULE_NOT_FOUND' },
  )
