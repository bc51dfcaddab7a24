export { optimiseLate, SMALL_BYTES } from '@chaosproxy/engine/short-run'
