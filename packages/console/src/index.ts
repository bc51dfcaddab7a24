export { type FollowedRun, type Following, openConsole } from './console.ts'
export { openProxiesConsole, type ProxiesConsole } from './proxies.ts'
export { openRunsConsole } from './runs.ts'
export { isSavedPage, renderSavedPage } from './saved-page.ts'
