import { defineTarget, type Extension } from 'chaosproxy'

export const fixture: Extension = defineTarget('fixture', './parrot.ts')
