import type { Model } from '@chaosproxy/checker'
import type { Progress } from '@chaosproxy/targets/watchdog'
import { type CheckSpec, modelFileOf } from './options.ts'
import { loadModel } from './own-model.ts'
import { watchedModel } from './watched-model.ts'

const loaded = new Map<string, ReturnType<typeof loadModel>>()

export async function ownModel(
  settings: Pick<CheckSpec, 'model'>,
  progress: Progress,
): Promise<Model<unknown> | undefined> {
  const path = modelFileOf(settings)
  if (path === undefined) return undefined
  const known = loaded.get(path)
  if (known === undefined) keepToItself()
  const loading = known ?? loadModel(path)
  loaded.set(path, loading)
  return watchedModel(await loading, progress)
}

/** Sends a model's output to stderr, and makes `process.exit` throw, so that a model cannot end the thread. */
function keepToItself(): void {
  process.stdout.write = process.stderr.write.bind(process.stderr)
  process.exit = (exitCode) => {
    throw new Error(`it calls process.exit(${exitCode ?? ''})`)
  }
}
