"""Where the faces of a picture are: two BlazeFace networks and the boxes they give."""
