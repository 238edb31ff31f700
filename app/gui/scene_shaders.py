"""The 3D view's shader programs. GLSL is written once, in words that fit OpenGL 2.1, 3.1 and later, and ES."""

from typing import Any

from PyQt6.QtGui import QOpenGLContext, QSurfaceFormat

# Sky and floor are two quads that meet in the horizon. They reach from corner to corner, so that they fill the picture
# however far the look is rolled.
BACKDROP_VERTEX = """
INPUT vec2 a_corner;
OUTPUT vec3 v_ray;
uniform vec3 u_forward;
uniform vec3 u_across;
uniform vec3 u_up;
uniform vec2 u_rows;  // lower and upper end of the quad, -1..1
uniform vec2 u_right; // where the quad's axes point to in the picture
uniform vec2 u_above;
void main() {
    vec2 place = vec2(a_corner.x, a_corner.y < 0.0 ? u_rows.x : u_rows.y);
    v_ray = u_forward + place.x * u_across + place.y * u_up;
    gl_Position = vec4(place.x * u_right + place.y * u_above, 0.0, 1.0);
}
"""

SKY_FRAGMENT = """
INPUT vec3 v_ray;
uniform vec3 u_sky;
uniform vec3 u_haze;
void main() {
    COLOUR = vec4(mix(u_haze, u_sky, clamp(1.6 * abs(v_ray.z), 0.0, 1.0)), 1.0);
}
"""

# Lines fade out where fewer pixels than a few lie between them, where they would run together.
FLOOR_FRAGMENT = """
INPUT vec3 v_ray;
uniform vec3 u_eye;
uniform vec2 u_centre;
uniform float u_closeness;  // 1 / where the haze has taken everything
uniform vec3 u_ground;
uniform vec3 u_haze;
uniform vec3 u_line;
uniform float u_fine;       // how much of a metre's line a fine line is
uniform vec3 u_axis_x;
uniform vec3 u_axis_y;
uniform float u_line_width;
void main() {
    vec2 p = u_eye.xy + abs(u_eye.z) / max(abs(v_ray.z), 1e-5) * v_ray.xy;
    vec2 metre = 1.0 / max(fwidth(p), vec2(1e-6));  // in pixels
    float half_width = 0.5 * u_line_width + 0.5;
    vec2 fine = clamp(half_width - abs(fract(p * 5.0 - 0.5) - 0.5) * 0.2 * metre, 0.0, 1.0);
    fine *= clamp(metre * 0.02 - 0.3, 0.0, u_fine);
    vec2 coarse = clamp(half_width - abs(fract(p - 0.5) - 0.5) * metre, 0.0, 1.0);
    coarse *= clamp(metre * 0.1 - 0.3, 0.0, 1.0);
    vec2 line = max(fine, coarse);
    vec2 axes = clamp(half_width + 0.4 - abs(p) * metre, 0.0, 1.0);
    vec2 away = (p - u_centre) * u_closeness;
    vec3 colour = mix(u_ground, u_line, max(line.x, line.y));
    colour = mix(mix(colour, u_axis_x, axes.y), u_axis_y, axes.x);
    COLOUR = vec4(mix(colour, u_haze, min(dot(away, away), 1.0)), 1.0);
}
"""

# A limb's shadow: what is straight under it, wider and fainter the higher it is. It is kept in the picture's alpha.
SHADOW_VERTEX = """
INPUT vec3 a_corner;  // along (0, 1), across (-1, 1), part
OUTPUT vec2 v_place;
OUTPUT vec4 v_line;   // start, end on the floor
OUTPUT vec4 v_ends;   // radius and height at the start, at the end
uniform mat4 u_mvp;
uniform vec4 u_start[PARTS];
uniform vec4 u_end[PARTS];
void main() {
    int part = int(a_corner.z + 0.5);
    vec4 start = u_start[part];
    vec4 end = u_end[part];
    vec2 along = end.xy - start.xy;
    float size = length(along);
    along = size > 1e-5 ? along / size : vec2(1.0, 0.0);
    float wide = max(start.w, end.w) + SPREAD(max(start.z, end.z));
    vec2 place = a_corner.x < 0.5 ? start.xy - along * wide : end.xy + along * wide;
    place += a_corner.y * wide * vec2(-along.y, along.x);
    v_place = place;
    v_line = vec4(start.xy, end.xy);
    v_ends = vec4(start.w, start.z, end.w, end.z);
    gl_Position = u_mvp * vec4(place, 0.0, 1.0);
}
"""

SHADOW_FRAGMENT = """
INPUT vec2 v_place;
INPUT vec4 v_line;
INPUT vec4 v_ends;
uniform float u_shade;
void main() {
    vec2 along = v_line.zw - v_line.xy;
    vec2 off = v_place - v_line.xy;
    float t = clamp(dot(off, along) / max(dot(along, along), 1e-8), 0.0, 1.0);
    vec2 here = mix(v_ends.xy, v_ends.zw, t);
    float spread = SPREAD(here.y);
    float dark = 1.0 - smoothstep(here.x - spread, here.x + spread, length(off - t * along));
    COLOUR = vec4(0.0, 0.0, 0.0, 1.0 - dark * u_shade / (1.0 + 0.9 * max(here.y, 0.0)));
}
"""

# A limb is the hull of two balls. Its quad covers it in the picture; each pixel's ray is met with it exactly, so
# that outlines are smooth without multisampling.
FIGURE_VERTEX = """
INPUT vec3 a_corner;  // along (-1, 1), across (-1, 1), part
OUTPUT vec3 v_ray;
OUTPUT vec4 v_start;
OUTPUT vec4 v_end;
OUTPUT vec3 v_colour;
uniform vec3 u_eye;
uniform vec3 u_forward;
uniform vec3 u_across;
uniform vec3 u_up;
uniform vec2 u_half_size;  // of the picture, pixels
uniform vec4 u_start[PARTS];
uniform vec4 u_end[PARTS];
uniform vec3 u_colour[PARTS];

// A ball's middle in pixels from the picture's middle, its radius there and its distance along the line of sight.
vec4 seen(vec4 ball) {
    vec3 off = ball.xyz - u_eye;
    float away = dot(off, u_forward);
    vec2 place = vec2(dot(off, u_across) / dot(u_across, u_across), dot(off, u_up) / dot(u_up, u_up)) / away;
    float slant = dot(off, off) / (away * away);
    float radius = ball.w / max(away - ball.w, 1e-4) * u_half_size.y / length(u_up) * slant;
    return vec4(place * u_half_size, radius, away - ball.w);
}

void main() {
    int part = int(a_corner.z + 0.5);
    v_start = u_start[part];
    v_end = u_end[part];
    v_colour = u_colour[part];
    vec4 start = seen(v_start);
    vec4 end = seen(v_end);
    vec2 along = end.xy - start.xy;
    float size = length(along);
    along = size > 1e-3 ? along / size : vec2(1.0, 0.0);
    float reach = max(start.z, end.z) + 1.5;
    vec2 corner = a_corner.x * along + a_corner.y * vec2(-along.y, along.x);
    vec2 place = ((a_corner.x < 0.0 ? start.xy : end.xy) + reach * corner) / u_half_size;
    v_ray = u_forward + place.x * u_across + place.y * u_up;
    bool before = start.w > NEAREST && end.w > NEAREST;
    gl_Position = before ? vec4(place, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
"""

# Signed distance to the hull of two discs, and the meeting of a ray with the hull of two balls: after
# Inigo Quilez, "distance functions" and "intersectors" (the formulas).
FIGURE_FRAGMENT = """
INPUT vec3 v_ray;
INPUT vec4 v_start;
INPUT vec4 v_end;
INPUT vec3 v_colour;
uniform vec3 u_eye;
uniform vec3 u_forward;
uniform float u_pixel;     // size of a pixel at distance 1
uniform vec2 u_depth;      // of the projection
uniform vec3 u_key;
uniform vec3 u_sky_light;
uniform vec3 u_ground_light;
uniform vec3 u_rim;

// Metres from the ray to the limb's outline, negative inside: across the ray the limb is the hull of two discs.
float outline(vec3 a, vec3 b, float ra, float rb) {
    vec3 axis = b - a;
    float size = length(axis);
    float slope = (ra - rb) / max(size, 1e-6);
    if (size < 1e-5 || abs(slope) >= 1.0) {
        return min(length(a) - ra, length(b) - rb);
    }
    float along = -dot(a, axis) / size;
    float across = sqrt(max(dot(a, a) - along * along, 0.0));
    float flat_share = sqrt(1.0 - slope * slope);
    float k = flat_share * along - slope * across;
    float side = flat_share * across + slope * along - ra;
    return k < 0.0 ? length(a) - ra : (k > flat_share * size ? length(b) - rb : side);
}

// Distance along the ray from the eye and the surface's normal there; a ray that just misses touches.
vec4 meeting(vec3 a, vec3 b, float ra, float rb, vec3 ray) {
    vec3 axis = b - a;
    float bulge = ra - rb;
    float m0 = dot(axis, axis);
    float m1 = -dot(axis, a);
    float m2 = dot(axis, ray);
    float m3 = -dot(ray, a);
    float m5 = dot(a, a);
    float m6 = -dot(ray, b);
    float m7 = dot(b, b);
    float d2 = m0 - bulge * bulge;
    float k2 = d2 - m2 * m2;
    if (d2 > 1e-8 && k2 > 1e-10) {
        float k1 = d2 * m3 - m1 * m2 + m2 * bulge * ra;
        float k0 = d2 * m5 - m1 * m1 + 2.0 * m1 * bulge * ra - m0 * ra * ra;
        float t = (-sqrt(max(k1 * k1 - k0 * k2, 0.0)) - k1) / k2;
        float y = m1 - ra * bulge + t * m2;
        if (y > 0.0 && y < d2) {
            return vec4(t, d2 * (t * ray - a) - axis * y);
        }
    }
    float h1 = m3 * m3 - m5 + ra * ra;
    float h2 = m6 * m6 - m7 + rb * rb;
    float t1 = -m3 - sqrt(max(h1, 0.0));
    float t2 = -m6 - sqrt(max(h2, 0.0));
    bool first = h1 > 0.0 && h2 > 0.0 ? t1 < t2 : h1 > h2;
    return first ? vec4(t1, t1 * ray - a) : vec4(t2, t2 * ray - b);
}

void main() {
    vec3 ray = normalize(v_ray);
    vec3 a = v_start.xyz - u_eye;
    vec3 b = v_end.xyz - u_eye;
    float away_a = dot(a, ray);
    float away_b = dot(b, ray);
    float off = outline(a - away_a * ray, b - away_b * ray, v_start.w, v_end.w);
    float cover = clamp(0.5 - off / (u_pixel * 0.5 * (away_a + away_b)), 0.0, 1.0);
    if (cover < 0.004) discard;
    vec4 met = meeting(a, b, v_start.w, v_end.w, ray);
    vec3 normal = normalize(met.yzw);
    float key = max(dot(normal, u_key) * 0.65 + 0.35, 0.0);
    vec3 light = mix(u_ground_light, u_sky_light, normal.z * 0.5 + 0.5) + key * key * 0.72;
    float edge = 1.0 - max(-dot(normal, ray), 0.0);
    float shine = max(dot(normal, normalize(u_key - ray)), 0.0);
    shine *= shine;
    shine *= shine;
    shine *= shine;
    shine *= shine * shine;
    vec3 colour = mix(v_colour * light + 0.16 * shine, u_rim, 0.55 * edge * edge * edge);
    COLOUR = vec4(colour, cover);
    float depth = 0.5 + 0.5 * (u_depth.y / (met.x * dot(ray, u_forward)) - u_depth.x);
    gl_FragDepth = cover < 0.5 ? 1.0 : depth;  // a seam's pixel stays open for what is drawn behind it later
}
"""

# Lines with round ends, already in the picture's pixels.
LINE_VERTEX = """
INPUT vec4 a_place;   // clip space
INPUT vec4 a_shape;   // pixels along and across from the start, length, half width
INPUT vec4 a_colour;
OUTPUT vec4 v_shape;
OUTPUT vec4 v_colour;
void main() {
    v_shape = a_shape;
    v_colour = a_colour;
    gl_Position = a_place;
}
"""

LINE_FRAGMENT = """
INPUT vec4 v_shape;
INPUT vec4 v_colour;
void main() {
    float off = length(vec2(v_shape.x - clamp(v_shape.x, 0.0, v_shape.z), v_shape.y));
    COLOUR = vec4(v_colour.rgb, v_colour.a * clamp(v_shape.w + 0.5 - off, 0.0, 1.0));
}
"""


class Program:
    """A compiled program with its uniforms, in the current context. Raises RuntimeError where it does not compile."""

    def __init__(self, vertex: str, fragment: str, parts: int = 1) -> None:
        from OpenGL import GL  # noqa: PLC0415
        from OpenGL.GL import shaders  # noqa: PLC0415

        version, vertex_words, fragment_words = _dialect()
        common = f"#define PARTS {parts}\n#define SPREAD(height) (0.035 + 0.16 * max(height, 0.0))\n"
        common += "#define NEAREST 0.02\n"
        compiled = (
            shaders.compileShader([version, vertex_words, common, vertex], GL.GL_VERTEX_SHADER),
            shaders.compileShader([version, fragment_words, common, fragment], GL.GL_FRAGMENT_SHADER),
        )
        self._program = shaders.compileProgram(*compiled, validate=False)
        self._places: dict[str, int] = {}

    def use(self) -> None:
        """Draw with it from now on."""
        from OpenGL import GL  # noqa: PLC0415

        GL.glUseProgram(self._program)

    def attribute(self, name: str) -> int:
        """Its number."""
        from OpenGL import GL  # noqa: PLC0415

        if name not in self._places:
            self._places[name] = int(GL.glGetAttribLocation(self._program, name))
        return self._places[name]

    def set(self, name: str, value: Any) -> None:
        """Set a uniform of the program in use: a number, (3,), (N, 3), (N, 4), or a (4, 4) matrix stored by columns."""
        import numpy as np  # noqa: PLC0415
        from OpenGL import GL  # noqa: PLC0415

        if name not in self._places:
            self._places[name] = int(GL.glGetUniformLocation(self._program, name))
        place = self._places[name]
        if isinstance(value, float):
            GL.glUniform1f(place, value)
            return
        array = np.ascontiguousarray(value, dtype=np.float32)
        if array.shape == (4, 4):
            GL.glUniformMatrix4fv(place, 1, False, array)
        elif array.shape == (2,):
            GL.glUniform2fv(place, 1, array)
        elif array.shape[-1] == 4:
            GL.glUniform4fv(place, array.size // 4, array)
        else:
            GL.glUniform3fv(place, array.size // 3, array)


def _dialect() -> tuple[str, str, str]:
    """The version line, and what the words of the sources mean in a vertex and in a fragment shader."""
    context = QOpenGLContext.currentContext()
    if context is None:
        raise RuntimeError("no OpenGL context is current")
    version = context.format().version()
    old = (
        "#define INPUT attribute\n#define OUTPUT varying\n",
        "#define INPUT varying\n#define COLOUR gl_FragColor\n",
    )
    new = ("#define INPUT in\n#define OUTPUT out\n", "#define INPUT in\nout vec4 COLOUR;\n")
    if context.isOpenGLES():
        precise = "precision highp float;\n"
        if version >= (3, 0):
            return "#version 300 es\n" + precise, *new
        return "#version 100\n#extension GL_OES_standard_derivatives : enable\n" + precise, *old
    if version >= (3, 1) or context.format().profile() == QSurfaceFormat.OpenGLContextProfile.CoreProfile:
        return "#version 140\n", *new
    return "#version 120\n", *old
