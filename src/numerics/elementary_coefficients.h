// Written by fit_coefficients.py. NAME<k> is the coefficient of the k-th power.
// Plain macros without a guard: the same text is pasted into OpenCL programs, and
// defining a macro twice alike is harmless.

// exp(r) = 1 + r + r^2 p(r), |r| <= ln(2)/2
#define EXP_C0 (0.5f)
#define EXP_C1 (0.16666577756404877f)
#define EXP_C2 (0.041666556149721146f)
#define EXP_C3 (0.00836317427456379f)
#define EXP_C4 (0.0013926177052780986f)

// tanh(x) = x + x s p(s), s = x^2, |x| <= 0.55
#define TANH_C0 (-0.3333333134651184f)
#define TANH_C1 (0.13333113491535187f)
#define TANH_C2 (-0.05390937626361847f)
#define TANH_C3 (0.021309062838554382f)
#define TANH_C4 (-0.006609614007174969f)

// erf(x) = x + x p(s), s = x^2, |x| <= 0.93
#define ERF_C0 (0.12837915122509003f)
#define ERF_C1 (-0.37612488865852356f)
#define ERF_C2 (0.11281753331422806f)
#define ERF_C3 (-0.02676396258175373f)
#define ERF_C4 (0.004988858476281166f)
#define ERF_C5 (-0.0005967067554593086f)

// erf(x) = 1 - exp(-p(x)), 0.93 <= x <= 4
#define ERFC_C0 (-0.00032111129257827997f)
#define ERFC_C1 (1.1302398443222046f)
#define ERFC_C2 (0.6318116188049316f)
#define ERFC_C3 (0.11009649187326431f)
#define ERFC_C4 (-0.026431813836097717f)
#define ERFC_C5 (0.004763749428093433f)
#define ERFC_C6 (-0.0005977610708214343f)
#define ERFC_C7 (4.6178000047802925e-05f)
#define ERFC_C8 (-1.6434871668025153e-06f)

// log(1 + f) = f - f^2/2 + f^3 p(f), sqrt(1/2) <= 1 + f <= sqrt(2)
#define LOG_C0 (0.3333333134651184f)
#define LOG_C1 (-0.2499999701976776f)
#define LOG_C2 (0.20000715553760529f)
#define LOG_C3 (-0.1666780263185501f)
#define LOG_C4 (0.14249053597450256f)
#define LOG_C5 (-0.12425675988197327f)
#define LOG_C6 (0.11685442924499512f)
#define LOG_C7 (-0.11479836702346802f)
#define LOG_C8 (0.06971681118011475f)

// log(1 + f) = f - f^2/2 + f^3 p(f), -1/4 <= f <= 1/2
#define LOG1P_C0 (0.3333333432674408f)
#define LOG1P_C1 (-0.2500000298023224f)
#define LOG1P_C2 (0.20000140368938446f)
#define LOG1P_C3 (-0.16666598618030548f)
#define LOG1P_C4 (0.14276517927646637f)
#define LOG1P_C5 (-0.12485919147729874f)
#define LOG1P_C6 (0.11294276267290115f)
#define LOG1P_C7 (-0.10557373613119125f)
#define LOG1P_C8 (0.08443794399499893f)
#define LOG1P_C9 (-0.03599657490849495f)
