import { isInstalled } from './probes.ts'

/** A plugin of the bundler that rewrites files of installed packages. */
export interface PackageRewrite {
  readonly name: string
  transform(code: string, id: string): { readonly code: string; readonly map: null } | null
}

/** @param rewritten returns the new code of a file; undefined if the file stays as it is. */
export const packageRewrite = (
  name: string,
  rewritten: (code: string, id: string) => string | undefined,
): PackageRewrite => ({
  name,
  transform(code, id) {
    const made = isInstalled(id) ? rewritten(code, id) : undefined
    return made === undefined ? null : { code: made, map: null }
  },
})
