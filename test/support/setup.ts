import { type BackendRequest, useBackend } from '../../src/backends/index.ts';

// vitest.config.ts names the backend of each project; every `*.backend.test.ts` file starts with it in place.
await useBackend(process.env.TFJS_METHODS_TEST_BACKEND as BackendRequest);
