import { pathToFileURL } from 'node:url'
import type { Jiti, JitiOptions, TransformOptions } from 'jiti'

/**
 * Loads a user's TypeScript file by the rules that the simulator's bundler has as well: those of the tsconfig.json above
 * it, its `paths` and legacy decorators included.
 */
export async function typescriptLoader(file: string, options: JitiOptions = {}): Promise<Jiti> {
  // Slow to load, so load it only for a user's file.
  const [{ createJiti }, { helperModules, stripped, tellUnread }] = await Promise.all([
    import('jiti'),
    import('./transform.ts'),
  ])
  const from = pathToFileURL(file).href
  const plain = createJiti(from, options)
  const transform = (given: TransformOptions): string => {
    const { ts, source, filename } = given
    if (ts !== true || filename === undefined || source === '') return plain.transform(given)
    const { code, inOwnLines } = stripped(source, filename)
    return plain.transform({ ...given, ts: false, source: code, babel: { plugins: [inOwnLines] } })
  }
  const transforming: JitiOptions = {
    ...options,
    virtualModules: { ...helperModules, ...options.virtualModules },
    // What is kept on the disk is what `plain` makes.
    fsCache: false,
    transform: (given) => ({ code: transform(given) }),
  }
  try {
    return createJiti(from, { ...transforming, tsconfigPaths: true })
  } catch (error) {
    tellUnread(file, error instanceof Error ? error.message : String(error))
    return createJiti(from, transforming)
  }
}
