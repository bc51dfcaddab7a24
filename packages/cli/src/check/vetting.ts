import { vetOnThread } from '@chaosproxy/targets/user-file'
import { loadModel } from './own-model.ts'

// A user's model file, loaded for the first time, on a thread that may come to any end. See `vetModel`.

await vetOnThread(async (path) => {
  await loadModel(path)
})
