import { vetOnThread } from '@chaosproxy/targets/user-file'
import { loadModel } from './own-model.ts'

// Loads a user's model file for the first time, on a thread that can be ended. See `vetModel`.

await vetOnThread(async (path) => {
  await loadModel(path)
})
