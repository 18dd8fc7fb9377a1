/** Global-norm clipping in float64 (Pascanu et al. 2013, Algorithm 1): g ← g · c/‖g‖ where ‖g‖ > c. */
export function clipByGlobalNorm(
  gradients: readonly ArrayLike<number>[],
  maxNorm: number,
): { norm: number; gradients: number[][] } {
  let squares = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) squares += (gradient[i] as number) ** 2;
  }
  const norm = Math.sqrt(squares);
  const scale = norm > maxNorm ? maxNorm / norm : 1;
  return { norm, gradients: gradients.map((gradient) => Array.from(gradient, (g) => g * scale)) };
}
