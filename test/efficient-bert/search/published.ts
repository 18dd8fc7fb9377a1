/** Winner of the authors' first stage, from their script of the second. */
export const STAGE_1_WINNER = [
  'tanh(linear4_2(gelu(linear4_2(x,wb1)),wb2))',
  'linear2_1(gelu(linear2_1(x,wb1)),wb2)',
  'sigmoid(linear1_4(gelu(linear1_4(x,wb1)),wb2))',
  'linear4_4(gelu(linear4_4(x,wb1)),wb2)',
  'linear1_3(gelu(linear1_3(x,wb1)),wb2)',
  'leaky_relu(linear2_4(gelu(linear2_4(x,wb1)),wb2))',
] as const;

/** Winner of their second stage, from their script of the third. */
export const STAGE_2_WINNER = [
  'tanh(linear4_2(gelu(linear4_2(x,wb1)),wb2))',
  'elu(linear2_1(gelu(linear2_1(x,wb1)),wb2))',
  'sigmoid(linear1_4(relu(linear1_4(x,wb1)),wb2))',
  'linear4_4(gelu(linear4_4(max(x,tanh(x)),wb1)),wb2)',
  'linear1_3(relu(mul(linear1_3(x,wb1),x)),wb2)',
  'leaky_relu(linear2_4(gelu(linear2_4(x,wb1)),wb2))',
] as const;
