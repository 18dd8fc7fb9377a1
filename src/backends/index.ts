export { type Availability, availableBackends } from './available.ts';
export { BACKEND_REQUESTS, type Backend, type BackendName, type BackendRequest } from './backend.ts';
export { releaseBackend, useBackend } from './use-backend.ts';
