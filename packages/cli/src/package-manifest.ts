import { isObject } from '@chaosproxy/history'

export interface Manifest {
  readonly main?: unknown
  readonly scripts?: { readonly start?: unknown }
  readonly dependencies?: { readonly [name: string]: unknown }
  readonly devDependencies?: { readonly [name: string]: unknown }
}

/** Parses the text of a package.json. Without valid text, the result has no members. */
export function parseManifest(text: string | undefined): Manifest {
  try {
    const found: unknown = JSON.parse(text ?? '{}')
    return isObject(found) ? found : {}
  } catch {
    return {}
  }
}
