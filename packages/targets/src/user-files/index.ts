export { offerApi, PACKAGE_NAME } from './api.ts'
export { importUserFile, isUserFile } from './import.ts'
export { vetFile } from './vet-file.ts'
export { vetOnThread } from './vet-on-thread.ts'
