import { pathToFileURL } from 'node:url'
import type { Jiti, JitiOptions, TransformOptions } from 'jiti'

/** Returns a loader of a user's TypeScript file. It uses the nearest tsconfig.json as the simulator's bundler does. */
export async function typescriptLoader(file: string, options: JitiOptions = {}): Promise<Jiti> {
  // These modules load slowly.
  const [{ createJiti }, { helperModules, stripped, warnUnread }] = await Promise.all([
    import('jiti'),
    import('./transform.ts'),
  ])
  const from = pathToFileURL(file).href
  const plain = createJiti(from, options)
  const transform = (given: TransformOptions) => {
    const { ts, source, filename } = given
    if (ts !== true || filename === undefined || source === '') return plain.transform(given)
    const { code, inOwnLines } = stripped(source, filename)
    return plain.transform({ ...given, ts: false, source: code, babel: { plugins: [inOwnLines] } })
  }
  const transforming: JitiOptions = {
    ...options,
    virtualModules: { ...helperModules, ...options.virtualModules },
    // A cache on disk would be shared with the loader `plain`, whose output differs.
    fsCache: false,
    transform: (given) => ({ code: transform(given) }),
  }
  try {
    return createJiti(from, { ...transforming, tsconfigPaths: true })
  } catch (error) {
    warnUnread(file, error instanceof Error ? error.message : String(error))
    return createJiti(from, transforming)
  }
}
